"""Celery entry points of identity."""

from uuid import UUID

from celery import shared_task

from domains.identity import actions
from domains.identity.actions import standing
from kelmah.http.store import StoreDown


@shared_task(
    name="identity.deny_session", autoretry_for=(StoreDown,), retry_backoff=1, retry_backoff_max=60, max_retries=20
)
def deny_session(session_id: str) -> None:
    """Put an ended session on the denylist. Twice is safe: it is a set."""
    actions.deny_session(session_id=UUID(session_id))


@shared_task(
    name="identity.announce_standing", autoretry_for=(StoreDown,), retry_backoff=1, retry_backoff_max=60, max_retries=20
)
def announce_standing(user_id: str) -> None:
    """Tell every process which access tokens of somebody are out of date. Twice is safe: standings only rise."""
    standing.announce_standing(user_id=UUID(user_id))


@shared_task(name="identity.forget_old_rows")
def forget_old_rows() -> int:
    """Once a day; returns how many rows were forgotten."""
    return actions.forget_old_rows()
