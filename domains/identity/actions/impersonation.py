"""Staff look at Kelmah as somebody else does: with a reason, for half an hour, told to the person."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from domains.identity import queries
from domains.identity.actions.denial import deny_after_commit
from domains.identity.actions.notices import tell
from domains.identity.models import Impersonation, User
from domains.identity.queries import grants as found
from domains.identity.queries.impersonation import going_on_by, lock_impersonation
from domains.identity.rules import impersonation as rules
from kelmah import clock
from kelmah.db import atomic
from kelmah.http.keys import sign_access_token
from kelmah.rights.declared import declared


@dataclass(frozen=True, kw_only=True)
class Begun:
    """``access_token`` is shown once; it is never refreshed."""

    impersonation: Impersonation
    access_token: str


def begin(*, user_id: UUID, staff_id: UUID, reason: str, ip: str | None) -> Begun:
    """A token of the person that says who holds it; of two that staff begin the first ends.

    Raises InvalidInput, NotFound, WrongRole, NotToBeImpersonated.
    """
    reason = rules.clean_reason(reason)
    with atomic("identity"):
        people = found.lock_users(user_id, staff_id)  # either may be losing rights, or become staff, right now
        user, staff = people[user_id], people[staff_id]
        found.check_right(staff, "identity.impersonate")
        _check_ordinary(user, staff)
        for earlier in going_on_by(staff_id).select_for_update().order_by("id"):
            _end(earlier)
        now = clock.now()
        impersonation = Impersonation.objects.create(
            user=user,
            staff=staff,
            reason=reason,
            staff_ip=ip,
            begun_at=now,
            expires_at=now + timedelta(seconds=settings.IMPERSONATION_SECONDS),
        )
        tell(user.id, "impersonated", detail=reason)
    return Begun(impersonation=impersonation, access_token=_token(impersonation))


def end(*, impersonation_id: UUID) -> None:
    """Before its time; its token is refused at once. Raises NotFound."""
    with atomic("identity"):
        _end(lock_impersonation(impersonation_id))


# Private functions


def _check_ordinary(user: User, staff: User) -> None:
    roles = declared().roles
    privileged = any(roles[name].privileged for name in queries.standing_of(user).roles if name in roles)
    if user.id == staff.id or user.is_staff or privileged or not user.is_active:
        raise rules.NotToBeImpersonated


def _end(impersonation: Impersonation) -> None:
    impersonation.ended_at = clock.now()
    impersonation.save(update_fields=["ended_at"])
    deny_after_commit(impersonation.id)


def _token(impersonation: Impersonation) -> str:
    user, staff = impersonation.user, impersonation.staff
    standing = queries.standing_of(user)
    return sign_access_token(
        {
            "sub": str(user.id),
            "sid": str(impersonation.id),
            "roles": standing.roles,
            "grants": standing.grants,
            "restricted": standing.restricted,
            "amr": [],
            "auth_time": 0,  # the person proved nothing: whatever asks for a fresh proof stays closed
            "mfa": 0,
            "standing": user.standing,
            "act": {"sub": str(staff.id), "standing": staff.standing},
        },
        lifetime=impersonation.expires_at - clock.now(),
    )
