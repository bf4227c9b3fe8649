"""Celery entry points of files."""

from celery import shared_task

from domains.files import actions


@shared_task(name="files.sweep_uploads")
def sweep_uploads() -> int:
    """Give up uploads that nobody completed and delete bytes that nobody will read; returns how many were given up."""
    return actions.sweep_uploads()
