"""Tickets: how a socket learns who it is without a token in an address. One use, thirty seconds."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from kelmah.errors import Unavailable
from kelmah.http.store import StoreDown, mark_down, store

LIFETIME: Final = 30  # seconds


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Who a ticket lets in, and until when without showing a new one."""

    user_id: UUID
    session_id: UUID
    until: datetime


def issue_ticket(admission: Admission) -> str:
    """A fresh ticket. Raises Unavailable when the store that keeps tickets does not answer."""
    ticket = secrets.token_urlsafe(32)
    body = json.dumps([str(admission.user_id), str(admission.session_id), admission.until.timestamp()])
    try:
        store().set(_key(ticket), body, ex=LIFETIME)
    except StoreDown:
        mark_down()
        raise Unavailable("Live connections are not available now: try again.", data={"retry_after": 2}) from None
    return ticket


def redeem_ticket(ticket: str) -> Admission | None:
    """Who the ticket lets in; None when it is unknown, used or too old. Raises StoreDown."""
    body = store().getdel(_key(ticket))
    if body is None:
        return None
    user_id, session_id, until = json.loads(body)  # type: ignore[arg-type]
    return Admission(user_id=UUID(user_id), session_id=UUID(session_id), until=datetime.fromtimestamp(until, tz=UTC))


def _key(ticket: str) -> str:
    return f"live:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
