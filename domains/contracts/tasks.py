"""Celery entry points of contracts."""

from celery import shared_task

from domains.contracts import actions
from kelmah import deadlines


@shared_task(name="contracts.run_deadlines")
def run_deadlines() -> int:
    """Carry out every deadline that is due; returns how many."""
    return deadlines.run_due("contracts", {"auto_approve": actions.auto_approve_milestone})
