"""Roles that people hold, and those that staff ask for."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from domains.identity.models import RoleGrant, RoleRequest, User
from domains.identity.queries.people import roles_of_account, standing_of
from kelmah import clock, rights
from kelmah.errors import NotFound
from kelmah.http.errors import WrongRole
from kelmah.principal import Principal


def all_grants() -> QuerySet[RoleGrant]:
    """Every grant there was, for staff."""
    return RoleGrant.objects.select_related("user", "granted_by", "approved_by", "ended_by")


def in_force(user_id: UUID) -> QuerySet[RoleGrant]:
    """What somebody holds now."""
    now = clock.now()
    return RoleGrant.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now), user_id=user_id, ended_at__isnull=True
    )


def held_by(user_id: UUID) -> list[tuple[str, str, str, datetime | None]]:
    """Role, kind and id of the scope, and end, of everything that somebody active is; in order of role and scope."""
    user = User.objects.filter(id=user_id, status="active").first()
    if user is None:
        return []
    rows = in_force(user_id).values_list("role", "scope_kind", "scope_id", "expires_at")
    first = roles_of_account(user)
    granted = [(role, kind, scope_id, end) for role, kind, scope_id, end in rows if kind or role not in first]
    return [*((role, "", "", None) for role in first), *sorted(granted, key=lambda row: row[:3])]


def grant(grant_id: UUID) -> RoleGrant:
    """One that is or was held. Raises NotFound."""
    found = RoleGrant.objects.filter(id=grant_id).first()
    if found is None:
        raise NotFound("There is no such grant.")
    return found


def grant_to_end(grant_id: UUID) -> RoleGrant | None:
    """One that has not ended; the holder's row is to be locked before it is ended."""
    return RoleGrant.objects.filter(id=grant_id, ended_at__isnull=True).first()


def all_requests() -> QuerySet[RoleRequest]:
    """Every request there was, for staff."""
    return RoleRequest.objects.select_related("user", "asked_by", "decided_by")


def request(request_id: UUID) -> RoleRequest:
    """Raises NotFound."""
    found = all_requests().filter(id=request_id).first()
    if found is None:
        raise NotFound("There is no such request.")
    return found


def lock_request(request_id: UUID) -> RoleRequest:
    """The row, locked until the transaction ends. Raises NotFound."""
    found = RoleRequest.objects.select_for_update().filter(id=request_id).first()
    if found is None:
        raise NotFound("There is no such request.")
    return found


def lock_users(*user_ids: UUID) -> dict[UUID, User]:
    """Several accounts' rows, locked in one order wherever this is done. Raises NotFound when one is missing."""
    wanted = set(user_ids)
    found = {user.id: user for user in User.objects.select_for_update().filter(id__in=wanted).order_by("id")}
    if wanted - found.keys():
        raise NotFound("There is no such account.")
    return found


def check_right(user: User, permission: str) -> None:
    """Whether somebody of staff has the permission now, whatever their token or session says. Raises WrongRole."""
    principal = Principal(user_id=user.id, roles=frozenset(standing_of(user).roles))
    if not (user.is_active and user.is_staff):
        raise WrongRole(rights.refusal(permission))
    rights.check(principal, permission)


def may_within(user_id: UUID, permission: str, scope: rights.Scope) -> bool:
    """Whether somebody has the permission within the scope now, whatever their token says."""
    user = User.objects.filter(id=user_id, status="active").first()
    if user is None:
        return False
    held = standing_of(user)
    principal = Principal(
        user_id=user_id,
        roles=frozenset(held.roles),
        grants=frozenset(held.grants),
        restricted=frozenset(held.restricted),
    )
    return rights.can(principal, permission, scope)
