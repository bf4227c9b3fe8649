"""Restricting somebody for a time, appealing to a human, and ending it."""

from datetime import datetime
from uuid import UUID

from domains.identity import queries, rules
from domains.identity.actions.grants import MOST_AT_ONCE
from domains.identity.actions.notices import tell
from domains.identity.actions.standing import change_standing
from domains.identity.models import Restriction, User
from domains.identity.queries import grants as people
from domains.identity.queries import restrictions as found
from domains.identity.rules import restrictions as limits
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.rights.declared import declared


def impose(
    *, user_id: UUID, kind: str, code: str, evidence: str, until: datetime, by_id: UUID | None, source: str = ""
) -> Restriction:
    """Take from a worker or hirer what the restriction takes, at once, and tell them. ``by_id`` is somebody of staff;
    or nobody, where the machine named by ``source`` did it.

    Raises InvalidInput, NotFound, NotAMember, WrongRole, AlreadyRestricted.
    """
    title = limits.check_kind(declared().restrictions.get(kind)).title
    limits.check_code(code)
    evidence = limits.clean_text(evidence, pointer="/evidence")
    with atomic("identity"):
        user = _locked(user_id, by_id, permission="identity.restrict_user")
        now = clock.now()
        limits.check_until(until, now=now, by_staff=by_id is not None)
        if user.role not in rules.ROLES_TO_CHOOSE:
            raise limits.NotAMember()
        _end_the_late(user, kind)
        if Restriction.objects.filter(user=user, kind=kind, state__in=limits.IN_FORCE).exists():
            raise limits.AlreadyRestricted()
        restriction = Restriction.objects.create(
            user=user,
            kind=kind,
            code=code,
            evidence=evidence,
            source="" if by_id else source,
            imposed_by_id=by_id,
            imposed_at=now,
            until=until,
        )
        change_standing(user.id)
        tell(user.id, "restricted", detail=title)
    return restriction


def appeal(*, user_id: UUID, restriction_id: UUID, text: str, expected_version: int | None) -> Restriction:
    """Somebody asks a human to look at it. Raises InvalidInput, NotFound, StaleVersion, InvalidTransition,
    AppealTooLate."""
    text = limits.clean_text(text, pointer="/text")
    with atomic("identity"):
        queries.lock_user(user_id)
        restriction = found.lock_own(restriction_id=restriction_id, user_id=user_id)
        check_version(restriction, expected_version)
        now = clock.now()
        state = limits.RESTRICTION.check("appeal", _state_at(restriction, now))
        if restriction.imposed_at + limits.APPEAL_WITHIN < now:
            raise limits.AppealTooLate()
        restriction.state, restriction.appeal, restriction.appealed_at = state, text, now
        restriction.save_change("state", "appeal", "appealed_at")
    return restriction


def uphold(*, restriction_id: UUID, by_id: UUID, note: str) -> Restriction:
    """The appeal is refused, by somebody else than who imposed it, with a reason.

    Raises NotFound, InvalidInput, WrongRole, InvalidTransition, OwnDecision.
    """
    return _decide(restriction_id, "uphold", by_id=by_id, note=note)


def lift(*, restriction_id: UUID, by_id: UUID, note: str) -> Restriction:
    """The restriction ends at once. Raises as ``uphold`` does."""
    return _decide(restriction_id, "lift", by_id=by_id, note=note)


def end_due() -> int:
    """Write down what the clock has ended; and lift what a machine imposed where no human answered the appeal in time.
    Returns how many."""
    now = clock.now()
    over = Restriction.objects.filter(state__in=limits.IN_FORCE, until__lte=now)
    unheard = Restriction.objects.filter(
        state="appealed", imposed_by__isnull=True, appealed_at__lte=now - limits.ANSWER_WITHIN
    )
    ended = 0
    for seen in [*over.order_by("until")[:MOST_AT_ONCE], *unheard.order_by("appealed_at")[:MOST_AT_ONCE]]:
        with atomic("identity"):
            queries.lock_user(seen.user_id)
            restriction = found.restriction(seen.id)  # somebody may have decided meanwhile
            if restriction.state in limits.IN_FORCE:
                _end(restriction, "expire" if restriction.until <= now else "lapse", told="restriction_lifted")
                ended += 1
    return ended


# Private functions


def _locked(user_id: UUID, by_id: UUID | None, *, permission: str) -> User:
    if by_id is None:
        return queries.lock_user(user_id)
    both = people.lock_users(user_id, by_id)
    people.check_right(both[by_id], permission)
    return both[user_id]


def _decide(restriction_id: UUID, step: str, *, by_id: UUID, note: str) -> Restriction:
    note = limits.clean_text(note, pointer="/note")
    seen = found.restriction(restriction_id)
    with atomic("identity"):
        _locked(seen.user_id, by_id, permission="identity.decide_appeal")  # and no appeal comes in between
        restriction = found.restriction(restriction_id)
        now = clock.now()
        before = _state_at(restriction, now)
        state = limits.RESTRICTION.check(step, before)
        if before == "appealed" and restriction.imposed_by_id == by_id:
            raise limits.OwnDecision()
        restriction.decided_by_id, restriction.decided_at, restriction.note = by_id, now, note
        restriction.save_change("decided_by", "decided_at", "note")
        if step == "lift":
            _end(restriction, step, told="restriction_lifted")
        else:
            restriction.state = state
            restriction.save_change("state")
            tell(restriction.user_id, "restriction_upheld", detail=_title(restriction))
    return restriction


def _end(restriction: Restriction, step: str, *, told: str) -> None:
    restriction.state = limits.RESTRICTION.check(step, restriction.state)
    restriction.ended_at = clock.now()
    restriction.save_change("state", "ended_at")
    change_standing(restriction.user_id)
    tell(restriction.user_id, told, detail=_title(restriction))


def _end_the_late(user: User, kind: str) -> None:
    """One that is over must not stand in the way of the next."""
    for late in Restriction.objects.filter(user=user, kind=kind, state__in=limits.IN_FORCE, until__lte=clock.now()):
        _end(late, "expire", told="restriction_lifted")


def _state_at(restriction: Restriction, now: datetime) -> str:
    """What the clock says, written down or not."""
    return "expired" if restriction.state in limits.IN_FORCE and restriction.until <= now else restriction.state


def _title(restriction: Restriction) -> str:
    known = declared().restrictions.get(restriction.kind)
    return known.title if known else restriction.kind
