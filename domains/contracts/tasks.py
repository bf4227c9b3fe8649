"""Celery entry points of contracts."""

from uuid import UUID

from celery import shared_task

from domains.contracts import actions
from domains.contracts.actions import privacy
from kelmah import deadlines
from kelmah.errors import Unavailable


@shared_task(name="contracts.run_deadlines")
def run_deadlines() -> int:
    """Carry out every deadline that is due; returns how many."""
    return deadlines.run_due("contracts", {"auto_approve": actions.auto_approve_milestone})


@shared_task(
    name="contracts.export_person", autoretry_for=(Unavailable,), retry_backoff=5, retry_backoff_max=300, max_retries=20
)
def export_person(*, request_id: str, user_id: str) -> None:
    """Bring a copy of what is kept about somebody to files. Twice is safe: the same parts are written again."""
    privacy.export_person(request_id=UUID(request_id), user_id=UUID(user_id))
