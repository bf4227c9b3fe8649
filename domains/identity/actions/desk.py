"""Staff at the desks of other processes: one session at identity stands behind them all, and ends them all."""

from datetime import datetime
from uuid import UUID

from django.utils.crypto import salted_hmac

from domains.identity import queries, rules
from domains.identity.actions.sessions import Device, log_out
from domains.identity.models import AuthSession
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import Unauthenticated
from kelmah.staff.member import StaffMember
from kelmah.staff.tokens import vouch


class DeskClosed(Unauthenticated):
    """The session was ended, has run out, or was never one of active staff."""

    code, title = "desk_closed", "Log in at the staff desk again"


def vouch_for_staff(
    *,
    user_id: UUID,
    session_key: str,
    expires_at: datetime,
    device: Device,
    domain: str,
    mark: str,
    address: str,
    amr: tuple[str, ...] = ("pwd",),
) -> str:
    """A one-time token for the desk of another domain, for somebody logged in here with this key of Django's.

    The first one opens a session like those of phones: seen in the same list, and ended in the same ways. Raises
    DeskClosed.
    """
    session_id = _session_id(session_key)
    with atomic("identity"):
        user = queries.lock_user(user_id)  # they may be about to be suspended, or enter two desks at once
        now = clock.now()
        if not (user.is_active and user.is_staff) or expires_at <= now:
            raise DeskClosed
        opened = AuthSession(
            id=session_id,
            user=user,
            current_hash=rules.new_refresh_token(session_id)[1],  # of a secret that nobody has: it is never refreshed
            amr=list(amr),
            auth_time=min(user.last_login or now, now),
            device_name=device.name,
            ip=device.ip,
            user_agent=device.user_agent[:400],
            created_at=now,
            last_used_at=now,
            idle_expires_at=expires_at,
            expires_at=expires_at,
        )
        AuthSession.objects.bulk_create([opened], ignore_conflicts=True)  # the second desk finds it
        session = queries.lock_session(session_id)
        if session is None or session.user_id != user.id or session.revoked_at or session.expires_at <= now:
            raise DeskClosed
        session.last_used_at = now
        session.save(update_fields=["last_used_at"])
        member = StaffMember(
            id=user.id,
            name=user.display_name,
            roles=frozenset(queries.standing_of(user).roles),
            has_all_rights=user.is_superuser,
            session_id=session_id,
            standing=user.standing,
        )
    return vouch(member, domain=domain, mark=mark, address=address)


def log_out_of_desks(*, session_key: str) -> None:
    """End what stands behind the desks entered with this key of Django's; without any, or twice, nothing happens."""
    log_out(session_id=_session_id(session_key))


def _session_id(session_key: str) -> UUID:
    """One session per key, however many tabs set out at once; and no way from the one to the other."""
    return UUID(bytes=salted_hmac("kelmah.identity.desk", session_key, algorithm="sha256").digest()[:16])
