"""Telling every process that a session was ended, before its last access token has run out by itself."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings

from domains.identity.models import ApiKey, AuthSession, Impersonation
from kelmah import clock
from kelmah.db import run_on_commit
from kelmah.events.publish import enqueue
from kelmah.http.denylist import revoke_session
from kelmah.http.store import StoreDown

log = structlog.get_logger(__name__)


def deny_after_commit(session_id: UUID) -> None:
    """Refuse the access tokens of a session, a key or an impersonation, as soon as the open transaction commits.

    At once if the store answers; the task says it again, so that neither a store that is down nor a crash after the
    commit leaves a thief the rest of an access token's life.
    """
    enqueue("identity.deny_session", session_id=str(session_id))
    run_on_commit("identity", lambda: _deny_at_once(session_id))


def deny_session(*, session_id: UUID) -> None:
    """Put an ended session on the denylist while a token of it may live. Twice is safe. Raises StoreDown."""
    ended_at = _end_of(session_id)
    if ended_at is not None and (left := ended_at + token_lifetime() - clock.now()) > timedelta():
        revoke_session(session_id, left)


def _end_of(session_id: UUID) -> datetime | None:
    for rows, end in (
        (AuthSession.objects, "revoked_at"),
        (ApiKey.objects, "revoked_at"),
        (Impersonation.objects, "ended_at"),
    ):
        ended: datetime | None = rows.filter(id=session_id).values_list(end, flat=True).first()
        if ended is not None:
            return ended
    return None


def _deny_at_once(session_id: UUID) -> None:
    try:
        revoke_session(session_id, token_lifetime())
    except StoreDown:
        log.error("denylist_down", session_id=str(session_id))


def token_lifetime() -> timedelta:
    """How long an entry of the denylist must last."""
    # A little more than the tokens': a verifier's clock may be behind ours.
    return timedelta(seconds=max(settings.ACCESS_TOKEN_SECONDS, settings.IMPERSONATION_SECONDS) + 30)
