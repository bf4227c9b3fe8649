"""Celery entry points of files."""

from celery import shared_task

from domains.files import actions


@shared_task(name="files.sweep_abandoned")
def sweep_abandoned() -> int:
    """Delete uploads that nobody completed; returns how many."""
    return actions.sweep_abandoned()
