"""Identity papers: which there are, what each must say, and how one comes to count."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from kelmah.errors import Conflict, FieldError, Forbidden, InvalidInput, TooManyRequests
from kelmah.transitions import StateTable, Transition

ANSWER_WITHIN: Final = timedelta(hours=1)  # of the vendor; then people look
CLAIM_LASTS: Final = timedelta(minutes=15)
REMIND_BEFORE: Final = timedelta(days=30)
MOST_A_DAY: Final = 5  # of one kind by one person
OLDEST: Final = date(1900, 1, 1)
TEXT_LENGTH: Final = 200
NOTE_LENGTH: Final = 1_000
FILE_KIND: Final = "identity"  # of files: sealed, and shared with nobody
FILES_PER_PAPER: Final = 3


def _(text: str) -> str:
    """Marks a text for the catalogues; rules do not translate."""
    return text


@dataclass(frozen=True, kw_only=True)
class Kind:
    """``asks`` and ``may_say`` are fields of ``Details``, besides ``country`` and ``expires_on``. ``lasts`` is for how
    long it counts from its verification on, unless it says itself when it ends; None: for ever."""

    title: str
    asks: tuple[str, ...] = ()
    may_say: tuple[str, ...] = ()
    files: tuple[int, int] = (1, FILES_PER_PAPER)
    lasts: timedelta | None = None


_YEAR: Final = timedelta(days=365)
KINDS: Final[Mapping[str, Kind]] = {
    "photo": Kind(title=_("photo of your face"), files=(1, 1), lasts=5 * _YEAR),
    "national_id": Kind(title=_("national ID"), asks=("name", "number", "born", "country", "expires_on"), files=(1, 2)),
    "selfie": Kind(title=_("selfie with your ID"), files=(1, 1), lasts=5 * _YEAR),
    "address": Kind(title=_("proof of address"), asks=("name", "address", "country"), lasts=2 * _YEAR),
    "certificate": Kind(
        title=_("certificate"),
        asks=("name", "title", "issuer"),
        may_say=("number", "country", "expires_on", "skill_id"),
    ),
}

DOCUMENT = StateTable(
    "document",
    [
        Transition("check", "uploaded", "checking", "system"),
        Transition("pass", "checking", "verified", "vendor", guard="nothing found", event="UserVerified"),
        Transition("refer", "uploaded", "needs_review", "system", deadline="one hour without an answer"),
        Transition("refer", "checking", "needs_review", "vendor|system", deadline="one hour without an answer"),
        Transition(
            "approve",
            "needs_review",
            "verified",
            "staff",
            guard="claimed, and nobody's colleague",
            event="UserVerified",
        ),
        Transition("reject", "needs_review", "rejected", "staff", guard="claimed, with a reason"),
        Transition("withdraw", "uploaded", "withdrawn", "owner"),
        Transition("withdraw", "checking", "withdrawn", "owner"),
        Transition("withdraw", "needs_review", "withdrawn", "owner"),
        Transition("expire", "verified", "expired", "system", deadline="when the paper ends", event="UserVerified"),
        Transition("revoke", "verified", "revoked", "staff", guard="with a reason", event="UserVerified"),
        Transition("supersede", "verified", "superseded", "system", guard="a newer one was verified"),
    ],
    initial="uploaded",
    final=("rejected", "withdrawn", "expired", "revoked", "superseded"),
)
OPEN: Final = ("uploaded", "checking", "needs_review")
TOUCHES: Final = frozenset({"send", "claim", "release", "look"})  # what is done besides the steps
BY_STAFF: Final = ("approve", "claim", "look", "reject", "release", "revoke")

REJECTIONS: Final[Mapping[str, str]] = {
    "unreadable": _("it can't be read"),
    "incomplete": _("a part of it is missing"),
    "wrong_kind": _("it is another kind of document"),
    "other_person": _("it is not yours, or the name is another one"),
    "not_as_typed": _("it does not say what you typed"),
    "too_old": _("it is no longer valid"),
    "altered": _("it looks altered"),
    "used_twice": _("somebody else uses it"),
}
REVOCATIONS: Final[Mapping[str, str]] = {
    "mistake": _("it was accepted by mistake"),
    "fraud": _("it turned out to be false"),
    "reported_lost": _("it was reported lost or stolen"),
    "no_longer_true": _("it is no longer true"),
}
# What a check may have found: for reviewers only.
FINDINGS: Final[Mapping[str, str]] = {
    "duplicate": "Somebody else has sent a document with this number.",
    "no_answer": "The vendor did not answer within an hour.",
    "not_checked": "No vendor checks these: look at everything.",
    "unreadable": "The vendor could not read it.",
    "name_differs": "The vendor read another name.",
    "number_differs": "The vendor read another number.",
    "face_differs": "The vendor sees another face.",
    "altered": "The vendor sees signs of alteration.",
    "too_old": "The vendor read a date that is over.",
}


class UnderReview(Conflict):
    code, title = "under_review", "A document of this kind is being looked at already: wait, or withdraw it"


class TooManyDocuments(TooManyRequests):
    code, title = "too_many_documents", "You have sent this kind of document often today: try again tomorrow"


class ClaimedByAnother(Conflict):
    code, title = "claimed_by_another", "Somebody else is looking at this document"


class NotClaimed(Conflict):
    code, title = "not_claimed", "Take this document first: only who has taken it decides"


class NotYoursToJudge(Forbidden):
    code, title = "not_yours_to_judge", "Nobody decides about themselves or about people they work with"


@dataclass(frozen=True, kw_only=True)
class Details:
    """What somebody typed of their paper. It is not shown when the object is."""

    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    born: date | None = field(default=None, repr=False)
    address: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A document as it is sent in: ``country`` in two letters (ISO 3166), ``skill_id`` the skill it proves."""

    kind: str
    file_ids: tuple[UUID, ...]
    details: Details = field(default_factory=Details)
    country: str = ""
    expires_on: date | None = None
    skill_id: str = ""


def check_paper(paper: Paper, *, today: date, skill_ids: Collection[str]) -> None:
    """Raises InvalidInput, field by field. ``skill_ids`` are the skills of its owner's profile."""
    kind, said = KINDS[paper.kind], _said(paper)
    errors = [
        FieldError(f"/{name}", "required", "This kind of document needs it.") for name in kind.asks if not said[name]
    ]
    errors += [
        FieldError(f"/{name}", "unknown_field", "This kind of document does not say that.")
        for name, value in said.items()
        if value and name not in (*kind.asks, *kind.may_say)
    ]
    least, most = kind.files
    if not least <= len(paper.file_ids) <= most:
        errors.append(FieldError("/file_ids", "wrong_number", f"Send {least} to {most} files."))
    elif len(set(paper.file_ids)) < len(paper.file_ids):
        errors.append(FieldError("/file_ids", "not_unique", "Name each one once."))
    if paper.details.number and len(plain_number(paper.details.number)) < 4:
        errors.append(FieldError("/number", "invalid", "Write the number as it stands on the document."))
    if paper.details.born and not OLDEST <= paper.details.born < today:
        errors.append(FieldError("/born", "invalid", "This is no date of birth."))
    if paper.expires_on and paper.expires_on < today:
        errors.append(FieldError("/expires_on", "over", "This document is no longer valid: send a newer one."))
    if paper.skill_id and paper.skill_id not in skill_ids:
        errors.append(FieldError("/skill_id", "unknown_skill", "Name a skill of your profile."))
    if errors:
        raise InvalidInput(errors=errors)


def plain_number(number: str) -> str:
    """As numbers are compared: what people write with blanks, dots or small letters is the same."""
    folded = unicodedata.normalize("NFKC", number).upper()
    return re.sub(r"[\W_]", "", folded)


def masked(number: str) -> str:
    """As it is shown, to its owner too: the last four, and of short ones less."""
    plain = plain_number(number)
    return f"••••{plain[len(plain) - min(4, len(plain) // 2) :]}" if plain else ""


def identity_of(paper: Paper) -> str | None:
    """What two copies of one document have in common, for the blind index; None without a number."""
    number = plain_number(paper.details.number)
    return f"{paper.kind}|{paper.country}|{number}" if number else None


def counts_until(kind: str, *, expires_on: date | None, verified_on: date) -> date | None:
    """The last day on which it counts, None for ever. What the paper says itself is never outlived."""
    lasts = KINDS[kind].lasts
    ends = [day for day in (expires_on, verified_on + lasts if lasts else None) if day is not None]
    return min(ends, default=None)


def check_reason(reason: str, allowed: Mapping[str, str]) -> None:
    """Raises InvalidInput."""
    if reason not in allowed:
        detail = f"Choose one of {', '.join(allowed)}."
        raise InvalidInput(errors=[FieldError("/reason", "invalid_choice", detail)])


# Private functions


def _said(paper: Paper) -> dict[str, object]:
    return {
        **{name: getattr(paper.details, name) for name in Details.__dataclass_fields__},
        "country": paper.country,
        "expires_on": paper.expires_on,
        "skill_id": paper.skill_id,
    }
