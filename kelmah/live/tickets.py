"""Tickets: how a socket learns who it is without a token in an address. One use, thirty seconds.

Kept in Redis under their hash. Without Redis there are none: who is connected stays, nobody new comes in.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from kelmah import clock
from kelmah.errors import Unauthenticated, Unavailable
from kelmah.http.denylist import is_revoked
from kelmah.http.store import StoreDown, mark_down, store
from kelmah.principal import Principal

LIFETIME: Final = timedelta(seconds=30)


class TicketInvalid(Unauthenticated):
    code, title = "ticket_invalid", "This ticket is unknown, used or too old: get a new one"


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Who a ticket lets in, and until when without showing a new one: the end of the access token behind it."""

    principal: Principal
    until: datetime


def issue_ticket(admission: Admission) -> str:
    """A fresh ticket. Raises Unavailable when the store that keeps tickets does not answer."""
    ticket = secrets.token_urlsafe(32)
    principal = admission.principal
    body = {
        "user": str(principal.user_id),
        "session": str(principal.session_id) if principal.session_id else None,
        "roles": sorted(principal.roles),
        "until": admission.until.timestamp(),
        "use_by": (clock.now() + LIFETIME).timestamp(),
    }
    try:
        store().set(_key(ticket), json.dumps(body), ex=LIFETIME)
    except StoreDown:
        mark_down()
        raise Unavailable("Live connections are not available now: try again.", data={"retry_after": 2}) from None
    return ticket


def redeem_ticket(ticket: str) -> Admission:
    """Who the ticket lets in; it is good for nothing afterwards. Raises TicketInvalid, Unavailable."""
    try:
        # Read and deleted in one step: of two sockets with the same ticket one gets in.
        found = store().getdel(_key(ticket))
        if found is None:
            raise TicketInvalid
        body = json.loads(found)
        session_id = UUID(body["session"]) if body["session"] else None
        if clock.now().timestamp() >= body["use_by"] or (session_id and is_revoked(session_id)):
            raise TicketInvalid
    except StoreDown:
        mark_down()
        raise Unavailable("Tickets can't be checked now: try again.", data={"retry_after": 2}) from None
    principal = Principal(user_id=UUID(body["user"]), session_id=session_id, roles=frozenset(body["roles"]))
    return Admission(principal=principal, until=datetime.fromtimestamp(body["until"], UTC))


def _key(ticket: str) -> str:
    return f"live:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
