"""What Celery is measured with."""

import time

import redis
from celery import shared_task
from django.conf import settings


@shared_task(name="metered.nothing")
def nothing() -> None:
    """The least that a task can do."""


@shared_task(name="metered.stamp")
def stamp(*, sent: float) -> None:
    """Tell how long it took to get here."""
    redis.Redis.from_url(settings.REDIS_URL).rpush("metered:waits", time.monotonic() - sent)
