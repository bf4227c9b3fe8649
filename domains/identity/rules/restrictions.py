"""Restrictions: why, for how long, and how a person gets a human to look at them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from domains.identity.rules.texts import is_plain
from kelmah.errors import Conflict, FieldError, Forbidden, InvalidInput
from kelmah.interfaces.roles import Restriction
from kelmah.transitions import StateTable, Transition


def _(text: str) -> str:
    """Marks a text for ``makemessages``; rules do not translate."""
    return text


LONGEST_TEXT: Final = 2000
BY_STAFF_AT_MOST: Final = timedelta(days=365)
BY_MACHINES_AT_MOST: Final = timedelta(days=14)
APPEAL_WITHIN: Final = timedelta(days=30)
ANSWER_WITHIN: Final = timedelta(days=7)  # else what a machine decided is lifted

# Reason codes, and what they say to the person.
CODES: Final[Mapping[str, str]] = {
    "spam": _("You sent the same to many people, or posted what is no job."),
    "contact_outside": _("You asked others to deal or pay outside Kelmah."),
    "abuse": _("You insulted, threatened or harassed others."),
    "fraud_suspected": _("What happened in your account looks like fraud."),
    "identity_unclear": _("It is unclear who you are."),
    "payment_risk": _("A payment of yours was disputed or taken back."),
    "rules_broken": _("You broke another of the rules of Kelmah."),
}

RESTRICTION = StateTable(
    "restriction",
    [
        Transition("appeal", "active", "appealed", "person", guard="within 30 days, once"),
        Transition("uphold", "appealed", "upheld", "staff", guard="not who imposed it"),
        Transition("lift", "active", "lifted", "staff"),
        Transition("lift", "appealed", "lifted", "staff", guard="not who imposed it"),
        Transition("lift", "upheld", "lifted", "staff"),
        Transition("lapse", "appealed", "lifted", "system", deadline="7 days", guard="a machine imposed it"),
        Transition("expire", "active", "expired", "system", deadline="its end"),
        Transition("expire", "appealed", "expired", "system", deadline="its end"),
        Transition("expire", "upheld", "expired", "system", deadline="its end"),
    ],
    initial="active",
    final=("lifted", "expired"),
)
IN_FORCE: Final = ("active", "appealed", "upheld")


class AlreadyRestricted(Conflict):
    code, title = "already_restricted", "This person is restricted in this already: lift that first"


class AppealTooLate(Conflict):
    code, title = "appeal_too_late", "An appeal is possible within 30 days"


class OwnDecision(Forbidden):
    """An appeal is decided by somebody else than who imposed the restriction."""

    code, title = "own_decision", "Somebody else of staff must decide on this appeal"


class NotAMember(Conflict):
    code, title = "not_a_member", "Only workers and hirers are restricted; staff lose roles"


def check_kind(restriction: Restriction | None) -> Restriction:
    """Raises InvalidInput for what no domain declares."""
    if restriction is None:
        raise InvalidInput(errors=[FieldError("/kind", "invalid_choice", "No domain declares such a restriction.")])
    return restriction


def check_code(code: str) -> None:
    """Raises InvalidInput."""
    if code not in CODES:
        detail = f"One of {', '.join(CODES)}."
        raise InvalidInput(errors=[FieldError("/code", "invalid_choice", detail)])


def check_until(until: datetime, *, now: datetime, by_staff: bool) -> None:
    """A restriction has an end: a year at most, and a fortnight where no human decided. Raises InvalidInput."""
    longest = BY_STAFF_AT_MOST if by_staff else BY_MACHINES_AT_MOST
    if not now < until <= now + longest:
        detail = f"Between now and {longest.days} days from now."
        raise InvalidInput(errors=[FieldError("/until", "invalid", detail)])


def clean_text(text: str, *, pointer: str) -> str:
    """What others will read: not empty, nothing hidden. Raises InvalidInput."""
    told = text.strip()
    if not told or len(told) > LONGEST_TEXT or not is_plain(told, lines=True):
        detail = f"Write it in plain words, in at most {LONGEST_TEXT} characters."
        raise InvalidInput(errors=[FieldError(pointer, "required" if not told else "invalid", detail)])
    return told
