"""Celery entry points of marketplace."""

from uuid import UUID

from celery import shared_task

from domains.marketplace import actions
from domains.marketplace.actions import privacy
from kelmah import deadlines
from kelmah.errors import Unavailable


@shared_task(name="marketplace.run_deadlines")
def run_deadlines() -> int:
    """Carry out every deadline that is due; returns how many."""
    return deadlines.run_due(
        "marketplace",
        {
            "expire_job": actions.expire_job,
            "expire_proposal": actions.expire_proposal,
            "expire_offer": actions.expire_offer,
        },
    )


@shared_task(
    name="marketplace.export_person",
    autoretry_for=(Unavailable,),
    retry_backoff=5,
    retry_backoff_max=300,
    max_retries=20,
)
def export_person(*, request_id: str, user_id: str) -> None:
    """Bring a copy of what is kept about somebody to files. Twice is safe: the same parts are written again."""
    privacy.export_person(request_id=UUID(request_id), user_id=UUID(user_id))
