"""Celery entry points of reviews."""

from celery import shared_task

from domains.reviews import actions
from kelmah import deadlines


@shared_task(name="reviews.run_deadlines")
def run_deadlines() -> int:
    """Carry out every deadline that is due; returns how many."""
    return deadlines.run_due("reviews", {"close_window": actions.close_window})
