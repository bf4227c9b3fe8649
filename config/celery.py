"""The Celery application: what is slow or leaves the house, and the schedule.

Settings against the ways in which Celery loses or doubles work: late acknowledgement, rejection when a worker dies,
limits below the visibility timeout, no far-off ETAs (a due time is a row), and time-outs towards a broker that hangs.
"""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

from celery import Celery
from celery.signals import before_task_publish, worker_ready
from django.apps import apps
from django.conf import settings

from config.broker import grave, on_rabbitmq, queue, route, transport, transport_options
from kelmah.domain import local_domains
from kelmah.events.broker import CONFIRM_WITHIN

if not apps.ready:
    import django

    django.setup()


app = Celery("kelmah")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    task_queues=[queue(config.domain) for config in local_domains()],
    task_routes=(route,),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport=transport(),
    broker_transport_options=transport_options(),
    # A heart that is heard from both sides: a broker that went away without a word is noticed within half a minute.
    broker_heartbeat=10,
    task_publish_retry_policy={"max_retries": 2, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5},
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=300,
    task_soft_time_limit=270,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    beat_scheduler="kelmah.beat:OneAtATime",
    worker_prefetch_multiplier=1,
    worker_eta_task_limit=500,
    # With REMAP_SIGTERM=SIGQUIT in a worker's environment: on SIGTERM tasks get these seconds, and what is not done by
    # then goes back to the broker at once. Otherwise a worker waits until it is killed, and its task is missed for the
    # whole visibility timeout. Less than the grace of whoever supervises it.
    worker_soft_shutdown_timeout=10,
    worker_max_tasks_per_child=2000,
    worker_max_memory_per_child=300_000,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_hijack_root_logger=False,
)


@worker_ready.connect
def _dig_graves(**kwargs: object) -> None:
    """A task can only be given up by a worker that has it: before the first one, nobody needs them."""
    if on_rabbitmq():
        with app.connection_for_write() as connection:
            for config in local_domains():
                grave(config.domain)(connection.default_channel).declare()


@before_task_publish.connect
def _expire_in_workers(properties: dict[str, Any], **kwargs: object) -> None:
    """RabbitMQ buries what expires, as if it had died. A worker looks at the hour as well, and drops it for good."""
    if on_rabbitmq():
        properties.pop("expiration", None)


@app.on_after_configure.connect
def _schedule(sender: Celery, **kwargs: object) -> None:
    sender.conf.beat_schedule = {
        # A tick that nobody took is not worth keeping; a broker that doesn't answer must not hold up those after it.
        name: {**entry, "options": {"expires": entry["schedule"], "confirm_timeout": CONFIRM_WITHIN}}
        for config in local_domains()
        for name, entry in config.beat.items()
    }


app.autodiscover_tasks([config.name for config in local_domains()], force=True)
