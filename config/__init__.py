"""Configuration; importing it makes the Celery application the current one."""
