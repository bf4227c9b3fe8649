"""Roles beyond the one chosen at sign-up: given and taken by others, never by a client for itself."""

from datetime import datetime
from uuid import UUID

from domains.identity import queries, rules
from domains.identity.actions.standing import change_standing
from domains.identity.models import RoleGrant, User
from domains.identity.queries import grants as found
from domains.identity.rules import grants
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import publish
from kelmah.interfaces.identity.events import RoleGranted
from kelmah.rights.declared import declared

MOST_AT_ONCE = 200  # grants that one run ends


def give(
    user: User,
    role: str,
    *,
    by_id: UUID | None,
    scope_kind: str = "",
    scope_id: str = "",
    approved_by_id: UUID | None = None,
    reason: str = "",
    expires_at: datetime | None = None,
) -> RoleGrant:
    """A declared role, inside the caller's transaction, the user's row locked, the caller knowing that it may.

    Access tokens of before die, and the next ones say so; after ``expires_at`` it is as if it had never been given.
    ``by_id`` nobody: it follows from something that they did themselves, within a scope. Raises InvalidInput,
    AlreadyGranted.
    """
    now = clock.now()
    grants.check_grantable(declared().roles.get(role), scope_kind=scope_kind, scope_id=scope_id)
    grants.check_expiry(expires_at, now=now)
    held = RoleGrant.objects.filter(
        user=user, role=role, scope_kind=scope_kind, scope_id=scope_id, ended_at__isnull=True
    ).first()
    if held and not _has_lapsed(held, now):
        raise rules.AlreadyGranted()
    if held:
        end(held, by_id=None, reason="expired")
    grant = RoleGrant.objects.create(
        user=user,
        role=role,
        scope_kind=scope_kind,
        scope_id=scope_id,
        granted_by_id=by_id,
        approved_by_id=approved_by_id,
        reason=reason,
        granted_at=now,
        expires_at=expires_at,
    )
    _tell(grant, change="granted")
    return grant


def withdraw_role(*, grant_id: UUID, by_id: UUID, reason: str) -> None:
    """Staff take a role away that is held everywhere, and every access token that says it. One is enough: rights must
    be gone at once when something is wrong. Twice is safe. Raises NotFound, InvalidInput, WrongRole, OfAScope."""
    reason = grants.clean_reason(reason)
    with atomic("identity"):
        seen = found.grant(grant_id)
        if seen.scope_kind:
            raise grants.OfAScope()
        people = found.lock_users(seen.user_id, by_id)  # as every change of a standing does, so that none is lost
        found.check_right(people[by_id], "identity.request_grant")
        grant = found.grant_to_end(grant_id)  # two may have pressed the button
        if grant is not None:
            end(grant, by_id=by_id, reason=reason)


def end(grant: RoleGrant, *, by_id: UUID | None, reason: str) -> None:
    """End a grant inside the caller's transaction, the holder's row locked."""
    grant.ended_at, grant.ended_by_id, grant.end_reason = clock.now(), by_id, reason
    grant.save(update_fields=["ended_at", "ended_by", "end_reason"])
    _tell(grant, change="expired" if reason == "expired" else "withdrawn")


def end_in_scope(user: User, *, scope_kind: str, scope_id: str, by_id: UUID | None, reason: str) -> None:
    """End whatever somebody holds within a scope: inside the caller's transaction, their row locked."""
    held = RoleGrant.objects.filter(user=user, scope_kind=scope_kind, scope_id=scope_id, ended_at__isnull=True)
    for grant in held.order_by("role"):
        end(grant, by_id=by_id, reason=reason)


def end_expired() -> int:
    """Write down what the clock has ended, so that tokens of before die, too; returns how many."""
    due = RoleGrant.objects.filter(ended_at__isnull=True, expires_at__lte=clock.now()).order_by("expires_at", "id")
    ended = 0
    for grant_id, user_id in list(due.values_list("id", "user_id")[:MOST_AT_ONCE]):
        with atomic("identity"):
            queries.lock_user(user_id)
            grant = found.grant_to_end(grant_id)
            if grant is not None and _has_lapsed(grant, clock.now()):
                end(grant, by_id=None, reason="expired")
                ended += 1
    return ended


# Private functions


def _has_lapsed(grant: RoleGrant, now: datetime) -> bool:
    return grant.expires_at is not None and grant.expires_at <= now


def _tell(grant: RoleGrant, *, change: str) -> None:
    known = declared().roles.get(grant.role)
    change_standing(grant.user_id)
    publish(
        RoleGranted(
            user_id=grant.user_id,
            role=grant.role,
            title=known.title if known else grant.role,
            scope_kind=grant.scope_kind,
            scope_id=grant.scope_id,
            change=change,
            by_themselves=grant.granted_by_id is None,
            expires_at=grant.expires_at,
            at=clock.now(),
        )
    )
