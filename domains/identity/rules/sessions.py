"""Refresh tokens: ``<session id>.<secret>``, of which only a hash is kept."""

import hashlib
import re
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from kelmah.errors import Conflict, Unauthenticated

IDLE_LIFETIME: Final = timedelta(days=30)
ABSOLUTE_LIFETIME: Final = timedelta(days=90)
GRACE: Final = timedelta(seconds=10)  # for the token just replaced, and for no older one
KEPT_AFTER_END: Final = timedelta(days=30)  # addresses and devices are personal data
MOST_SESSIONS: Final = 20  # of one person at a time
END_REASONS: Final = ("logout", "refresh_reused", "password_changed", "staff", "ended_by_owner", "too_many", "erased")

_TOKEN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})")


class TokenReused(Unauthenticated):
    """A refresh token that was used before came again: somebody has a copy. The whole session has ended."""

    code, title = "token_reused", "This session was ended for safety: log in again"


class RefreshInProgress(Conflict):
    """Of parallel refreshes with one token one wins; its answer holds the tokens to go on with."""

    code, title = "refresh_in_progress", "Another request has just refreshed this session: use its answer"


def new_refresh_token(session_id: UUID) -> tuple[str, bytes]:
    """A fresh token with 256 random bits, and the hash to keep."""
    secret = secrets.token_urlsafe(32)
    return f"{session_id}.{secret}", _hash(secret)


def read_refresh_token(token: str) -> tuple[UUID, bytes] | None:
    """The session that a token names and the hash of its secret; None when it is no such token."""
    match = _TOKEN.fullmatch(token)
    return (UUID(match[1]), _hash(match[2])) if match else None


def _hash(secret: str) -> bytes:
    # 256 random bits: nothing to guess, so a fast hash is right.
    return hashlib.sha256(secret.encode()).digest()
