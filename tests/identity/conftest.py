"""Tasks are known to Celery once they are imported, as the worker does."""

import domains.identity.tasks  # noqa: F401
