"""Sessions."""

from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet

from domains.identity.models import AuthSession
from kelmah import clock

# "Living" as in ``living_sessions``.
_SEEN = """
SELECT count(*), count(*) FILTER (WHERE device_name = %(name)s AND device_kind = %(kind)s),
    count(*) FILTER (WHERE revoked_at IS NULL AND expires_at > %(now)s AND idle_expires_at > %(now)s)
FROM identity_authsession WHERE user_id = %(user)s
"""


def lock_session(session_id: UUID) -> AuthSession | None:
    return AuthSession.objects.select_related("user").select_for_update(of=("self",)).filter(id=session_id).first()


def lock_live_sessions(user_id: UUID) -> list[AuthSession]:
    """Every session of somebody that was not ended, locked in one order, so that two who end them never deadlock."""
    live = AuthSession.objects.filter(user_id=user_id, revoked_at__isnull=True)
    return list(live.select_for_update().order_by("id"))


def living_sessions(user_id: UUID) -> QuerySet[AuthSession]:
    """Where somebody is logged in now."""
    now = clock.now()
    return AuthSession.objects.filter(
        user_id=user_id, revoked_at__isnull=True, expires_at__gt=now, idle_expires_at__gt=now
    )


class SeenSessions(NamedTuple):
    """How many rows there are of somebody's sessions: in all, of such a device, and that live."""

    all: int
    alike: int
    living: int


def seen_sessions(user_id: UUID, *, name: str, kind: str) -> SeenSessions:
    """What a login wants to know of those before it. By hand: made by the ORM, it is a fifth of what a login costs."""
    values: dict[str, Any] = {"user": user_id, "name": name, "kind": kind, "now": clock.now()}
    with connections["identity"].cursor() as cursor:
        cursor.execute(_SEEN, values)
        return SeenSessions(*cursor.fetchone())
