"""Telling people what happened to their account."""

from uuid import UUID

from kelmah import clock
from kelmah.events.publish import publish
from kelmah.interfaces.identity.events import AccountChanged
from kelmah.interfaces.identity.types import ACCOUNT_CHANGES


def tell(user_id: UUID, what: str, *, device: str = "", detail: str = "") -> None:
    """One of ``ACCOUNT_CHANGES``, inside the transaction that makes it true. Never a secret in ``detail``."""
    if what not in ACCOUNT_CHANGES:
        raise ValueError(f"{what!r} is none of ACCOUNT_CHANGES")
    publish(AccountChanged(user_id=user_id, what=what, device=device, detail=detail, at=clock.now()))
