"""Names that the publisher and the relay share."""

CHANNEL = "kelmah_events"  # of LISTEN and NOTIFY
TASK = "task"  # the target of what goes to the Celery broker
