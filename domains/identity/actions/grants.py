"""Roles beyond the one chosen at sign-up: given and taken by staff, never by a client."""

from uuid import UUID

from django.db import IntegrityError

from domains.identity import queries, rules
from domains.identity.actions.standing import change_standing
from domains.identity.models import RoleGrant
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import FieldError, Forbidden, InvalidInput
from kelmah.rights.declared import declared


def grant_role(
    *, user_id: UUID, role: str, by_id: UUID, scope_kind: str = "", scope_id: str = "", grant_id: UUID | None = None
) -> RoleGrant:
    """Give somebody a role, everywhere or within one scope. Their access tokens die, and the next ones say so.

    Raises NotFound, InvalidInput, Forbidden (nobody grants to themselves), AlreadyGranted.
    """
    _check(role, scope_kind, scope_id)
    if user_id == by_id:
        raise Forbidden("Nobody gives a role to themselves.")
    try:
        with atomic("identity"):
            user = queries.lock_user(user_id)
            grant = RoleGrant(
                user=user, role=role, scope_kind=scope_kind, scope_id=scope_id, granted_by_id=by_id,
                granted_at=clock.now(),
            )  # fmt: skip
            grant.id = grant_id or grant.id
            grant.save(force_insert=True)
            change_standing(user.id)
            return grant
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) != "role_grant_once":
            raise
        raise rules.AlreadyGranted() from None


def withdraw_role(*, grant_id: UUID) -> None:
    """Take a granted role away, and every access token that says it. Twice is safe."""
    with atomic("identity"):
        grant = RoleGrant.objects.filter(id=grant_id).first()
        if grant is not None:
            queries.lock_user(grant.user_id)  # as every change of a standing does, so that none is lost
            grant.delete()
            change_standing(grant.user_id)


def _check(role: str, scope_kind: str, scope_id: str) -> None:
    known = declared().roles.get(role)
    if known is None or role in rules.ROLES:
        detail = "No such role is granted: worker, hirer and staff are chosen, all others are declared by domains."
        raise InvalidInput(errors=[FieldError("/role", "invalid_choice", detail)])
    if bool(scope_kind) != bool(scope_id):
        raise InvalidInput(errors=[FieldError("/scope_id", "invalid", "A scope has a kind and an id.")])
    if not (scope_kind in known.scope_kinds if scope_kind else known.is_held_everywhere):
        kinds = ", ".join(filter(None, known.scope_kinds))
        detail = f"This role is held within: {kinds}." if kinds else "This role is held everywhere, within no scope."
        raise InvalidInput(errors=[FieldError("/scope_kind", "invalid_choice", detail)])
