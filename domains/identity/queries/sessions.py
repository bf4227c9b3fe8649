"""Sessions."""

from uuid import UUID

from django.db.models import QuerySet

from domains.identity.models import AuthSession
from kelmah import clock


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
