"""Sessions: one row per device, refresh tokens rotated by one statement."""

from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

from domains.identity import queries, rules
from domains.identity.actions.access_tokens import issue_access_token
from domains.identity.actions.denial import deny_after_commit
from domains.identity.actions.devices import tell_if_new
from domains.identity.actions.statuses import come_back
from domains.identity.models import AuthSession, PendingLogin, User
from domains.identity.queries.sessions import living_sessions, seen_sessions
from domains.identity.rules.devices import kind_of
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.events.publish import publish
from kelmah.http.errors import TokenInvalid
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import SessionRevoked

# One statement decides the race: of parallel refreshes with one token exactly one finds its hash still current.
_ROTATE = """
UPDATE identity_authsession s
SET previous_hash = s.current_hash, current_hash = %(new)s, rotated_at = %(now)s, rotations = s.rotations + 1,
    last_used_at = %(now)s, idle_expires_at = least(%(now)s + %(idle)s, s.expires_at),
    ip = coalesce(%(ip)s::inet, s.ip)
FROM identity_user u
WHERE s.id = %(session)s AND u.id = s.user_id AND u.status = 'active' AND s.current_hash = %(old)s
  AND s.revoked_at IS NULL AND s.expires_at > %(now)s AND s.idle_expires_at > %(now)s
RETURNING s.id
"""


@dataclass(frozen=True, kw_only=True)
class Device:
    """What is known of the device that logs in."""

    name: str = ""
    ip: str | None = None
    user_agent: str = ""


@dataclass(frozen=True, kw_only=True)
class IssuedTokens:
    """What a login or a refresh gives: both tokens are shown once and never stored."""

    user: User
    session_id: UUID
    access_token: str
    refresh_token: str
    expires_in: int


class _Refused(Enum):
    OVER = "over"
    IN_PROGRESS = "in progress"
    REUSED = "reused"


def open_session(user: User, device: Device, *, amr: tuple[str, ...] = ("pwd",)) -> IssuedTokens:
    """A new session for somebody who has just proved who they are, by the methods of ``amr`` (RFC 8176).

    Inside the transaction of that proof, the user's row locked. Of too many sessions the oldest ends; an account that
    its owner had switched off is on again.
    """
    come_back(user)
    now, session_id, user_agent = clock.now(), new_id(), device.user_agent[:400]
    kind = kind_of(user_agent)
    seen = seen_sessions(user.id, name=device.name, kind=kind)
    tell_if_new(user, seen, name=device.name, kind=kind, ip=device.ip)
    if seen.living >= rules.MOST_SESSIONS:
        _make_room(user.id)
    refresh_token, current_hash = rules.new_refresh_token(session_id)
    session = AuthSession.objects.create(
        id=session_id,
        user=user,
        current_hash=current_hash,
        amr=list(amr),
        auth_time=now,
        device_name=device.name,
        device_kind=kind,
        ip=device.ip,
        user_agent=user_agent,
        created_at=now,
        last_used_at=now,
        idle_expires_at=now + rules.IDLE_LIFETIME,
        expires_at=now + rules.ABSOLUTE_LIFETIME,
    )
    return _issued(session, refresh_token)


def refresh(*, refresh_token: str, ip: str | None = None) -> IssuedTokens:
    """New tokens for old: exactly one of parallel calls wins.

    Raises TokenInvalid; RefreshInProgress for the token just replaced, within ten seconds; TokenReused for any other
    secret of a living session, which ends the session.
    """
    named = rules.read_refresh_token(refresh_token)
    if named is None:
        raise TokenInvalid("This is not a refresh token.")
    session_id, old_hash = named
    successor, new_hash = rules.new_refresh_token(session_id)
    with atomic("identity"):
        if _rotate(session_id, old_hash, new_hash, ip=ip):
            return _issued(AuthSession.objects.select_related("user").get(id=session_id), successor)
        refused = _why_refused(session_id, old_hash)
    if refused is _Refused.IN_PROGRESS:
        raise rules.RefreshInProgress(data={"retry_after": 1})
    if refused is _Refused.REUSED:
        raise rules.TokenReused()
    raise TokenInvalid("This session is over: log in again.")


def log_out(*, session_id: UUID) -> None:
    """End one's own session; ending it twice changes nothing."""
    _end_one(session_id, reason="logout")


def revoke_session(*, session_id: UUID) -> None:
    """Staff end one session; ending it twice changes nothing."""
    _end_one(session_id, reason="staff")


def end_own_session(*, user_id: UUID, session_id: UUID) -> None:
    """Somebody ends one of their own sessions, on whatever device. Raises NotFound, for others' and ended ones too."""
    with atomic("identity"):
        session = queries.lock_session(session_id)  # two devices may end it at once
        if session is None or session.user_id != user_id or not _lives(session):
            raise NotFound("You have no such session.")
        _end(session, reason="ended_by_owner")


def end_other_sessions(*, user_id: UUID, keep_id: UUID | None) -> None:
    """Somebody ends all their sessions but the one they do it from."""
    with atomic("identity"):
        end_all_sessions(user_id, reason="ended_by_owner", keep_id=keep_id)


def end_all_sessions(user_id: UUID, *, reason: str, keep_id: UUID | None = None) -> None:
    """End every living session of somebody, or every one but one, and every login that waits for a second factor.

    Inside the caller's transaction.
    """
    PendingLogin.objects.filter(user_id=user_id).delete()
    for session in queries.lock_live_sessions(user_id):
        if session.id != keep_id:
            _end(session, reason=reason)


# Private functions


def _rotate(session_id: UUID, old_hash: bytes, new_hash: bytes, *, ip: str | None) -> bool:
    values: dict[str, Any] = {
        "session": session_id,
        "old": old_hash,
        "new": new_hash,
        "now": clock.now(),
        "idle": rules.IDLE_LIFETIME,
        "ip": ip,
    }
    with connections["identity"].cursor() as cursor:
        cursor.execute(_ROTATE, values)
        return cursor.fetchone() is not None


def _why_refused(session_id: UUID, old_hash: bytes) -> _Refused:
    # Locked: two replays at once must end the session, and tell of it, once.
    session, now = queries.lock_session(session_id), clock.now()
    if session is None or session.revoked_at or not session.user.is_active:
        return _Refused.OVER
    if session.expires_at <= now or session.idle_expires_at <= now or bytes(session.current_hash) == old_hash:
        return _Refused.OVER
    just_replaced = session.previous_hash is not None and bytes(session.previous_hash) == old_hash
    if just_replaced and session.rotated_at and session.rotated_at > now - rules.GRACE:
        return _Refused.IN_PROGRESS
    _end(session, reason="refresh_reused")
    return _Refused.REUSED


def _make_room(user_id: UUID) -> None:
    """For one more. Logins of one person stand in line at their row, so that no two count the same room."""
    too_many = living_sessions(user_id).order_by("-created_at", "-id")[rules.MOST_SESSIONS - 1 :]
    for session_id in list(too_many.values_list("id", flat=True)):
        _end_one(session_id, reason="too_many")


def _lives(session: AuthSession) -> bool:
    return session.revoked_at is None and clock.now() < min(session.idle_expires_at, session.expires_at)


def _end_one(session_id: UUID, *, reason: str) -> None:
    with atomic("identity"):
        session = queries.lock_session(session_id)  # a log-out and staff may come at once
        if session is not None and session.revoked_at is None:
            _end(session, reason=reason)


def _end(session: AuthSession, *, reason: str) -> None:
    session.revoked_at, session.revoke_reason = clock.now(), reason
    session.save(update_fields=["revoked_at", "revoke_reason"])
    deny_after_commit(session.id)
    publish(SessionRevoked(user_id=session.user_id, session_id=session.id, reason=reason, device=session.device_name))


def _issued(session: AuthSession, refresh_token: str) -> IssuedTokens:
    return IssuedTokens(
        user=session.user,
        session_id=session.id,
        access_token=issue_access_token(session),
        refresh_token=refresh_token,
        expires_in=settings.ACCESS_TOKEN_SECONDS,
    )
