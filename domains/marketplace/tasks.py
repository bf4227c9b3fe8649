"""Celery entry points of marketplace."""

from celery import shared_task

from domains.marketplace import actions
from kelmah import deadlines


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
