"""Celery entry points of messaging."""

from uuid import UUID

from celery import shared_task

from domains.messaging import actions
from domains.messaging.actions import privacy
from kelmah.errors import Unavailable


@shared_task(name="messaging.deliver")
def deliver(*, delivery_id: str) -> str | None:
    """Try to send one letter; returns what became of it."""
    return actions.deliver(delivery_id=UUID(delivery_id))


@shared_task(name="messaging.sweep_deliveries")
def sweep_deliveries() -> int:
    """Send what still waits; returns how many mails were tried."""
    return actions.sweep_deliveries()


@shared_task(name="messaging.forget_old_notifications")
def forget_old_notifications() -> int:
    """Delete notifications older than 90 days; returns how many."""
    return actions.forget_old_notifications()


@shared_task(
    name="messaging.export_person", autoretry_for=(Unavailable,), retry_backoff=5, retry_backoff_max=300, max_retries=20
)
def export_person(*, request_id: str, user_id: str) -> None:
    """Bring a copy of what is kept about somebody to files. Twice is safe: the same parts are written again."""
    privacy.export_person(request_id=UUID(request_id), user_id=UUID(user_id))
