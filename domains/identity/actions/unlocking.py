"""A lock after too many wrong passwords: its owner hears of it, and may open it at once."""

from uuid import UUID

import structlog

from domains.identity.actions.challenges import await_secret, limit_letters_to, prove
from domains.identity.actions.guards import forgive, lock_guard
from domains.identity.models import Challenge, User
from kelmah.db import atomic
from kelmah.http.throttling import LimitReached

log = structlog.get_logger(__name__)


def answer_lock(*, key: str) -> None:
    """Write to whom the guard of that key locks out, if it is an account. Again is safe: the last letter is the good
    one. Raises Unavailable, after which it is to be tried again."""
    kind, _, user_id = key.partition(":")
    user = User.objects.filter(id=user_id).first() if kind == "user" else None
    address = (user.email or user.phone) if user is not None and user.may_log_in else None
    if user is None or address is None:
        return
    try:
        limit_letters_to(address)
    except LimitReached:  # somebody locks them out again and again: they know
        log.warning("unlock_not_sent", user_id=user_id)
        return
    with atomic("identity"):
        Challenge.objects.filter(user=user, purpose="unlock").delete()
        await_secret("unlock", address, user=user)


def unlock(*, unlock_id: UUID, secret: str) -> None:
    """Open the lock for whoever has the letter. Raises SecretRefused."""

    def open_it(challenge: Challenge) -> None:
        forgive(lock_guard(f"user:{challenge.user_id}"))

    prove(challenge_id=unlock_id, purpose="unlock", secret=secret, then=open_it)
