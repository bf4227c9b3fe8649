"""The Celery application that tasks are handed to, and the handing over."""

from typing import Any

from celery import Celery
from django.conf import settings
from django.utils.module_loading import import_string

CONFIRM_WITHIN = 5.0  # seconds, for one task


def broker() -> Celery:
    """The application that ``settings.CELERY_APP`` names, with the tasks of all local domains."""
    app: Celery = import_string(settings.CELERY_APP)
    return app


def hand_to(app: Celery, *, task: str, arguments: dict[str, Any], task_id: str) -> None:
    """Returns when the broker has the task; where it confirms and routes (RabbitMQ), when it has said so.

    Raises what the client raises when it has not, will not, or has no queue to put it in.
    """
    with app.producer_or_acquire() as producer:
        try:
            app.send_task(
                task,
                kwargs=arguments,
                task_id=task_id,
                producer=producer,
                retry=False,
                # A queue deleted under an open connection would otherwise swallow tasks, and have them confirmed.
                mandatory=True,
                confirm_timeout=CONFIRM_WITHIN,
            )
        except Exception:
            # The client does not compare numbers: an answer that comes late would be taken for that of the next task.
            # A connection that died in silence would be used again; and it alone believes that the queue is there.
            producer.connection.collect()
            raise
