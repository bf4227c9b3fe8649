"""Roles of staff, given by two: one asks, another approves, and neither is the one who gets it."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from domains.identity import rules as accounts
from domains.identity.actions import grants
from domains.identity.models import RoleRequest, User
from domains.identity.queries import grants as found
from domains.identity.rules import grants as rules
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.errors import Forbidden
from kelmah.rights.declared import declared


def ask(*, user_id: UUID, role: str, by_id: UUID, reason: str, expires_at: datetime | None = None) -> RoleRequest:
    """Ask that an account of staff be given a role, until ``expires_at`` or for good.

    Raises InvalidInput, Forbidden (for oneself), WrongRole, NotFound, NotStaff, AlreadyGranted, AlreadyAsked.
    """
    rules.check_privileged(declared().roles.get(role))
    reason = rules.clean_reason(reason)
    if user_id == by_id:
        raise Forbidden("Nobody asks for a role for themselves.")
    try:
        with atomic("identity"):
            people = found.lock_users(user_id, by_id)  # either may be losing rights right now
            now = clock.now()
            found.check_right(people[by_id], "identity.request_grant")
            rules.check_expiry(expires_at, now=now)
            _check_staff(people[user_id])
            if found.in_force(user_id).filter(role=role, scope_kind="").exists():
                raise accounts.AlreadyGranted()
            _close_the_late(user_id, role)
            return RoleRequest.objects.create(
                user_id=user_id, role=role, expires_at=expires_at, reason=reason, asked_by_id=by_id, asked_at=now
            )
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) != "role_request_one_open":
            raise
        raise rules.AlreadyAsked() from None


def approve(*, request_id: UUID, by_id: UUID, expected_version: int | None, note: str = "") -> RoleRequest:
    """Give what was asked for. Of two who decide at once, one does.

    Raises NotFound, StaleVersion, OwnRequest, WrongRole, InvalidTransition, NotStaff, InvalidInput (the grant would be
    over already), AlreadyGranted.
    """
    seen = found.request(request_id)
    with atomic("identity"):
        people = found.lock_users(seen.user_id, by_id)
        request = _decidable(request_id, by=people[by_id], expected_version=expected_version)
        _decide(request, "approve", by_id=by_id, note=note)
        _check_staff(people[request.user_id])
        grants.give(
            people[request.user_id],
            request.role,
            by_id=request.asked_by_id,
            approved_by_id=by_id,
            reason=request.reason,
            expires_at=request.expires_at,
        )
    return request


def decline(*, request_id: UUID, by_id: UUID, expected_version: int | None, note: str) -> RoleRequest:
    """Refuse what was asked for, and say why. Raises as ``approve`` does."""
    note = rules.clean_reason(note, pointer="/note")
    with atomic("identity"):
        people = found.lock_users(by_id)
        request = _decidable(request_id, by=people[by_id], expected_version=expected_version)
        _decide(request, "decline", by_id=by_id, note=note)
    return request


def withdraw(*, request_id: UUID, by_id: UUID, expected_version: int | None) -> RoleRequest:
    """Whoever asked takes it back. Raises NotFound, StaleVersion, Forbidden, InvalidTransition."""
    with atomic("identity"):
        request = found.lock_request(request_id)  # somebody may be approving it
        check_version(request, expected_version)
        if request.asked_by_id != by_id:
            raise Forbidden("Only whoever asked takes a request back.")
        _decide(request, "withdraw", by_id=by_id)
    return request


def expire() -> int:
    """Close requests that nobody decided on within a week; returns how many."""
    closed = 0
    late = RoleRequest.objects.filter(state="open", asked_at__lte=clock.now() - rules.REQUEST_LASTS)
    for request_id in list(late.order_by("asked_at").values_list("id", flat=True)[: grants.MOST_AT_ONCE]):
        with atomic("identity"):
            request = found.lock_request(request_id)
            if request.state == "open":
                _decide(request, "expire", by_id=None)
                closed += 1
    return closed


# Private functions


def _decidable(request_id: UUID, *, by: User, expected_version: int | None) -> RoleRequest:
    request = found.lock_request(request_id)  # of two decisions at once the second finds it decided
    check_version(request, expected_version)
    rules.check_decider(decider=by.id, asked_by=request.asked_by_id, user=request.user_id)
    found.check_right(by, "identity.approve_grant")
    if request.state == "open" and request.asked_at <= clock.now() - rules.REQUEST_LASTS:
        rules.REQUEST.check("approve", "expired")  # the clock was first, written down or not
    return request


def _decide(request: RoleRequest, step: str, *, by_id: UUID | None, note: str = "") -> None:
    request.state = rules.REQUEST.check(step, request.state)
    request.decided_by_id, request.decided_at = by_id, clock.now()
    request.note = note
    request.save_change("state", "decided_by", "decided_at", "note")


def _check_staff(user: User) -> None:
    if not (user.is_staff and user.is_active):
        raise rules.NotStaff()


def _close_the_late(user_id: UUID, role: str) -> None:
    """One that has run out must not stand in the way of the next."""
    late = RoleRequest.objects.select_for_update().filter(
        user_id=user_id, role=role, state="open", asked_at__lte=clock.now() - rules.REQUEST_LASTS
    )
    for request in late:
        _decide(request, "expire", by_id=None)
