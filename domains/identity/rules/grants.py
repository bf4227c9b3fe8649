"""Roles that are granted: which, to whom, and by how many people."""

from datetime import datetime, timedelta
from typing import Final

from domains.identity.rules.accounts import ROLES
from domains.identity.rules.texts import is_plain
from kelmah.errors import Conflict, FieldError, Forbidden, InvalidInput
from kelmah.interfaces.roles import Role
from kelmah.transitions import StateTable, Transition

REQUEST_LASTS: Final = timedelta(days=7)
LONGEST_REASON: Final = 500
_ANOTHER: Final = "neither who asked nor whom it is for"

REQUEST = StateTable(
    "role_request",
    [
        Transition("approve", "open", "approved", "staff", guard=_ANOTHER, event="RoleGranted"),
        Transition("decline", "open", "declined", "staff", guard=_ANOTHER),
        Transition("withdraw", "open", "withdrawn", "asker"),
        Transition("expire", "open", "expired", "system", deadline="7 days"),
    ],
    initial="open",
    final=("approved", "declined", "withdrawn", "expired"),
)


class NotStaff(Conflict):
    code, title = "not_staff", "Roles of staff are for active accounts of staff"


class AlreadyAsked(Conflict):
    code, title = "already_asked", "This role was asked for already: it waits for somebody else's decision"


class OfAScope(Conflict):
    code, title = "of_a_scope", "This role is held within a scope: whom that belongs to decides on it"


class OwnRequest(Forbidden):
    """Nobody decides on what they asked for, or on what they would get, whatever their rights."""

    code, title = "own_request", "Somebody else of staff must decide on this"


def check_grantable(role: Role | None, *, scope_kind: str, scope_id: str) -> Role:
    """The role, if it may be granted within this scope, or everywhere without one. Raises InvalidInput."""
    if role is None or role.name in ROLES:
        detail = "No such role is granted: worker, hirer and staff are chosen, all others are declared by domains."
        raise InvalidInput(errors=[FieldError("/role", "invalid_choice", detail)])
    if bool(scope_kind) != bool(scope_id):
        raise InvalidInput(errors=[FieldError("/scope_id", "invalid", "A scope has a kind and an id.")])
    if not (scope_kind in role.scope_kinds if scope_kind else role.is_held_everywhere):
        kinds = ", ".join(filter(None, role.scope_kinds))
        detail = f"This role is held within: {kinds}." if kinds else "This role is held everywhere, within no scope."
        raise InvalidInput(errors=[FieldError("/scope_kind", "invalid_choice", detail)])
    return role


def check_privileged(role: Role | None) -> Role:
    """A role that staff ask for in twos. Raises InvalidInput."""
    role = check_grantable(role, scope_kind="", scope_id="")
    if not role.privileged:
        detail = "Only roles of staff are asked for; others are given where they belong."
        raise InvalidInput(errors=[FieldError("/role", "invalid_choice", detail)])
    return role


def check_expiry(expires_at: datetime | None, *, now: datetime) -> None:
    """Raises InvalidInput for what is over before it begins."""
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(errors=[FieldError("/expires_at", "invalid", "This time has passed.")])


def clean_reason(text: str, *, pointer: str = "/reason") -> str:
    """What stays on record: one line, not empty, nothing hidden. Raises InvalidInput."""
    reason = " ".join(text.split())
    if not reason or len(reason) > LONGEST_REASON or not is_plain(reason):
        detail = f"Say why, in at most {LONGEST_REASON} characters."
        raise InvalidInput(errors=[FieldError(pointer, "required" if not reason else "invalid", detail)])
    return reason


def check_decider(*, decider: object, asked_by: object, user: object) -> None:
    """Raises OwnRequest."""
    if decider in (asked_by, user):
        raise OwnRequest()
