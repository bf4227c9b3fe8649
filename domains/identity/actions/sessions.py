"""Sessions: one row per device, refresh tokens rotated by one statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connections

from domains.identity import queries, rules
from domains.identity.models import AuthSession, User
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.http.denylist import revoke_session
from kelmah.http.errors import TokenInvalid
from kelmah.http.keys import sign_access_token
from kelmah.http.store import StoreDown
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import SessionRevoked

log = structlog.get_logger(__name__)

# One statement decides the race: of parallel refreshes with one token exactly one finds its hash still current.
_ROTATE = """
UPDATE identity_authsession s
SET previous_hash = current_hash, current_hash = %(new)s, rotated_at = %(now)s, rotations = rotations + 1,
    last_used_at = %(now)s, idle_expires_at = least(%(now)s + %(idle)s, s.expires_at)
FROM identity_user u
WHERE s.id = %(session)s AND u.id = s.user_id AND u.status = 'active' AND s.current_hash = %(old)s
  AND s.revoked_at IS NULL AND s.expires_at > %(now)s AND s.idle_expires_at > %(now)s
RETURNING s.user_id, u.role, s.auth_time
"""


@dataclass(frozen=True, kw_only=True)
class Device:
    """What is known of the device that logs in."""

    name: str = ""
    address: str | None = None
    user_agent: str = ""


@dataclass(frozen=True, kw_only=True)
class IssuedTokens:
    """What a login or a refresh gives: both tokens are shown once and never stored."""

    user_id: UUID
    session_id: UUID
    access_token: str
    refresh_token: str
    expires_in: int


class _Refused(Enum):
    UNKNOWN = "unknown"
    IN_PROGRESS = "in progress"
    REUSED = "reused"


def open_session(user: User, device: Device) -> IssuedTokens:
    """A new session for somebody who has just proved who they are. Inside the transaction of that proof."""
    now, session_id = clock.now(), new_id()
    refresh_token, current_hash = rules.new_refresh_token(session_id)
    AuthSession.objects.create(
        id=session_id,
        user=user,
        current_hash=current_hash,
        auth_time=now,
        device_name=device.name[:200],
        address=device.address,
        user_agent=device.user_agent[:400],
        created_at=now,
        last_used_at=now,
        idle_expires_at=now + rules.IDLE_LIFETIME,
        expires_at=now + rules.ABSOLUTE_LIFETIME,
    )
    return _issued(user.id, session_id, refresh_token, roles=user.roles, auth_time=now)


def refresh(*, refresh_token: str) -> IssuedTokens:
    """New tokens for old: exactly one of parallel calls wins.

    Raises TokenInvalid; RefreshInProgress for the token just replaced, within ten seconds; TokenReused for any other
    old token, which ends the session.
    """
    named = rules.read_refresh_token(refresh_token)
    if named is None:
        raise TokenInvalid("This is not a refresh token.")
    session_id, old_hash = named
    successor, new_hash = rules.new_refresh_token(session_id)
    with atomic("identity"):
        won = _rotate(session_id, old_hash, new_hash)
        refused = None if won else _why_refused(session_id, old_hash)
    if won:
        user_id, role, auth_time = won
        return _issued(user_id, session_id, successor, roles=[role], auth_time=auth_time)
    if refused is _Refused.IN_PROGRESS:
        raise rules.RefreshInProgress(data={"retry_after": 1})
    if refused is _Refused.REUSED:
        _deny(session_id)
        raise rules.TokenReused()
    raise TokenInvalid("This session is over: log in again.")


def log_out(*, session_id: UUID) -> None:
    """End one's own session; ending it twice changes nothing."""
    with atomic("identity"):
        session = queries.lock_session(session_id)
        if session is not None and session.revoked_at is None:
            _revoke(session, reason="logout")
    _deny(session_id)


def revoke_all_sessions(user: User, *, reason: str) -> list[UUID]:
    """End every live session of somebody, inside the caller's transaction; returns whose access tokens to deny."""
    live = list(user.sessions.select_for_update().filter(revoked_at__isnull=True))
    for session in live:
        _revoke(session, reason=reason)
    return [session.id for session in live]


def deny(session_ids: list[UUID]) -> None:
    """Refuse the access tokens of ended sessions from now on. After the commit."""
    for session_id in session_ids:
        _deny(session_id)


# Private functions


def _rotate(session_id: UUID, old_hash: bytes, new_hash: bytes) -> tuple[UUID, str, datetime] | None:
    values = {
        "session": session_id,
        "old": old_hash,
        "new": new_hash,
        "now": clock.now(),
        "idle": rules.IDLE_LIFETIME,
    }
    with connections["identity"].cursor() as cursor:
        cursor.execute(_ROTATE, values)
        row: tuple[UUID, str, datetime] | None = cursor.fetchone()
        return row


def _why_refused(session_id: UUID, old_hash: bytes) -> _Refused:
    session, now = queries.lock_session(session_id), clock.now()
    if session is None or session.revoked_at or session.expires_at <= now or session.idle_expires_at <= now:
        return _Refused.UNKNOWN
    if session.user.status != "active" or bytes(session.current_hash) == old_hash:
        return _Refused.UNKNOWN
    just_replaced = session.previous_hash is not None and bytes(session.previous_hash) == old_hash
    if just_replaced and session.rotated_at and session.rotated_at > now - rules.GRACE:
        return _Refused.IN_PROGRESS
    _revoke(session, reason="refresh_reused")
    return _Refused.REUSED


def _revoke(session: AuthSession, *, reason: str) -> None:
    session.revoked_at, session.revoke_reason = clock.now(), reason
    session.save(update_fields=["revoked_at", "revoke_reason"])
    publish(SessionRevoked(user_id=session.user_id, session_id=session.id, reason=reason, device=session.device_name))


def _deny(session_id: UUID) -> None:
    try:
        revoke_session(session_id, timedelta(seconds=settings.ACCESS_TOKEN_SECONDS))
    except StoreDown:
        # The session is over; its last access token dies of age within ten minutes.
        log.error("denylist_down", session_id=str(session_id))


def _issued(
    user_id: UUID, session_id: UUID, refresh_token: str, *, roles: list[str], auth_time: datetime
) -> IssuedTokens:
    access_token = sign_access_token(
        {
            "sub": str(user_id),
            "sid": str(session_id),
            "roles": roles,
            "amr": ["pwd"],
            "auth_time": int(auth_time.timestamp()),
            "mfa": 0,
        }
    )
    return IssuedTokens(
        user_id=user_id,
        session_id=session_id,
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in=settings.ACCESS_TOKEN_SECONDS,
    )
