"""The Celery application: what is slow or leaves the house, and the schedule.

Settings against the ways in which Celery loses or doubles work: late acknowledgement, rejection when a worker dies,
limits below the visibility timeout, no far-off ETAs (a due time is a row), and time-outs towards a broker that hangs.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

from celery import Celery
from django.apps import apps
from django.conf import settings
from kombu import Exchange, Queue

from kelmah.domain import local_domains

if not apps.ready:
    import django

    django.setup()


def queue_of(domain: str) -> str:
    """Where a domain's tasks wait: its own worker takes them, wherever that runs, and nobody else's."""
    return f"kelmah.{domain}"


def queue(domain: str) -> Queue:
    """Its routing key is its name: Celery would give all queues the same, and every task to all of them."""
    return Queue(queue_of(domain), Exchange("kelmah", type="direct"), routing_key=queue_of(domain))


def route(name: str, *_: object, **__: object) -> dict[str, str]:
    """Tasks are named ``<domain>.<task>``, which a system check enforces."""
    return {"queue": queue_of(name.partition(".")[0])}


app = Celery("kelmah")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    task_queues=[queue(config.domain) for config in local_domains()],
    task_routes=(route,),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 3600,
        # Of connecting for a publication: the outbox tries again by itself.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
        "health_check_interval": 25,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    },
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


@app.on_after_configure.connect
def _schedule(sender: Celery, **kwargs: object) -> None:
    sender.conf.beat_schedule = {
        name: {**entry, "options": {"expires": entry["schedule"]}}  # a tick that nobody took is not worth keeping
        for config in local_domains()
        for name, entry in config.beat.items()
    }


app.autodiscover_tasks([config.name for config in local_domains()], force=True)
