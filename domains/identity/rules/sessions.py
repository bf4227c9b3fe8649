"""Refresh tokens: ``<session id>.<secret>``, of which only a hash is kept."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from kelmah.errors import Conflict, Unauthenticated

IDLE_LIFETIME: Final = timedelta(days=30)
ABSOLUTE_LIFETIME: Final = timedelta(days=90)
GRACE: Final = timedelta(seconds=10)  # for the token just replaced, and for no older one


class TokenReused(Unauthenticated):
    """A refresh token that was used before came again: somebody has a copy. The whole session has ended."""

    code, title = "token_reused", "This session was ended for safety: log in again"


class RefreshInProgress(Conflict):
    code, title = "refresh_in_progress", "Another request has just refreshed this session: use its answer"


def new_refresh_token(session_id: UUID) -> tuple[str, bytes]:
    """A fresh token and the hash to keep."""
    secret = secrets.token_urlsafe(32)
    return f"{session_id.hex}.{secret}", _hash(secret)


def read_refresh_token(token: str) -> tuple[UUID, bytes] | None:
    """The session that a token names and the hash of its secret; None when it is no such token."""
    name, _, secret = token.partition(".")
    try:
        return UUID(hex=name), _hash(secret)
    except ValueError:
        return None


def _hash(secret: str) -> bytes:
    # 256 random bits: nothing to guess, so a fast hash is right.
    return hashlib.sha256(secret.encode()).digest()
