"""Celery entry points of messaging."""

from uuid import UUID

from celery import shared_task

from domains.messaging import actions


@shared_task(name="messaging.deliver_email")
def deliver_email(*, delivery_id: str) -> None:
    """Send one mail."""
    actions.deliver_email(delivery_id=UUID(delivery_id))


@shared_task(name="messaging.sweep_deliveries")
def sweep_deliveries() -> int:
    """Send what still waits; returns how many mails were tried."""
    return actions.sweep_deliveries()
