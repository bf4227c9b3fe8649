"""Companies: what they say of themselves, and who in them may do what."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from domains.identity.rules.texts import is_plain
from kelmah.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound, TooManyRequests
from kelmah.interfaces.identity import roles as declared
from kelmah.transitions import StateTable, Transition

NAME_LENGTH: Final = 120
SIZES: Final = ("1", "2-10", "11-50", "51-200", "201-1000", "1001+")
INDUSTRIES: Final = (
    "agriculture", "construction", "education", "energy", "finance", "government", "health", "hospitality",
    "logistics", "manufacturing", "media", "mining", "non_profit", "property", "retail", "services", "technology",
    "other",
)  # fmt: skip
MOST_OWNED: Final = 5  # companies of one owner
MOST_MEMBERS: Final = 500  # of one company, those invited included
INVITATION_LIFETIME: Final = timedelta(days=7)
RESEND_AFTER: Final = timedelta(minutes=5)
MOST_SENDINGS: Final = 5  # letters of one invitation
INVITATION_KEPT: Final = timedelta(days=30)  # after it was answered or ran out: it holds somebody's address

ROLES: Final = ("owner", "admin", "hiring", "finance", "member")
TO_GIVE: Final = ("admin", "hiring", "finance", "member")  # ownership is handed over, never given
IN_PUBLIC: Final = ("owner", "admin", "hiring")  # whose profile names the company: those who deal with others

# Whoever holds a role of a company may give these to others in it, and take them: as the roles are declared.
GIVES: Final[Mapping[str, frozenset[str]]] = {
    role.name.removeprefix("company_"): frozenset(given.removeprefix("company_") for given in role.gives)
    for role in declared.ROLES
    if "company" in role.scope_kinds
}
_GIVERS: Final = frozenset(role for role, given in GIVES.items() if given)
_GIVERS_OF_ADMIN: Final = frozenset(role for role, given in GIVES.items() if "admin" in given)

# What a role of the company allows.
MAY: Final[Mapping[str, frozenset[str]]] = {
    "see": frozenset(ROLES),
    "act_for": frozenset(ROLES),
    "edit": frozenset({"owner", "admin"}),
    "invite": _GIVERS,
    "invite_admin": _GIVERS_OF_ADMIN,
    "set_role": _GIVERS,
    "make_admin": _GIVERS_OF_ADMIN,
    "set_role_of_admin": _GIVERS_OF_ADMIN,
    "remove": _GIVERS,
    "remove_admin": _GIVERS_OF_ADMIN,
    "leave": frozenset({"admin", "hiring", "finance", "member"}),
    "hand_over": frozenset({"owner"}),
}

INVITATION = StateTable(
    "company_invitation",
    [
        Transition("accept", "pending", "accepted", "whoever was invited", guard="not run out"),
        Transition("decline", "pending", "declined", "whoever was invited"),
        Transition("withdraw", "pending", "withdrawn", "owner|admin"),
        Transition("resend", "pending", "pending", "owner|admin"),
        Transition("resend", "expired", "pending", "owner|admin"),
        Transition("expire", "pending", "expired", "system", deadline="7 days"),
    ],
    initial="pending",
    final=("accepted", "declined", "withdrawn"),
)

_LINK = re.compile(r"://|www\.", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class CompanyNotFound(NotFound):
    """There is no such company, or the caller is not in it: the two are never told apart."""

    title = "You are in no such company"


class CompanyRoleMissing(Forbidden):
    code, title = "company_role_missing", "Your role in this company does not allow this"


class OwnerStays(Conflict):
    code, title = "owner_stays", "A company is never without an owner: hand it over first"


class AlreadyMember(Conflict):
    code, title = "already_member", "This person is in the company already"


class AlreadyInvited(Conflict):
    code, title = "already_invited", "This address was invited already: send the invitation again instead"


class CompanyFull(Conflict):
    code, title = "company_full", f"A company has at most {MOST_MEMBERS} members and open invitations"


class TooManyCompanies(Conflict):
    code, title = "too_many_companies", f"Nobody owns more than {MOST_OWNED} companies"


class InvitationOver(Conflict):
    code, title = "invitation_over", "This invitation has run out, was answered or was withdrawn"


class InvitationTokenInvalid(NotFound):
    """Unknown, superseded, answered and run out are never told apart: a token is all that proves anything here."""

    code, title = "invitation_not_found", "There is no such invitation, or it is over: ask for another"


class SentTooOften(TooManyRequests):
    code, title = "sent_too_often", "This invitation was sent a moment ago, or too often"


def check_may(role: str, step: str) -> None:
    """Raises CompanyRoleMissing unless a member with this role may take the step."""
    if role not in MAY[step]:
        raise CompanyRoleMissing()


def check_invite(role: str, *, as_role: str) -> None:
    """Whether a member with ``role`` may invite somebody as ``as_role``. Raises CompanyRoleMissing."""
    _check_gives(role, as_role)


def check_set_role(role: str, *, before: str, after: str) -> None:
    """Whether a member with ``role`` may turn another's ``before`` into ``after``. Raises CompanyRoleMissing,
    OwnerStays."""
    check_may(role, "set_role")
    _check_stays(before)
    _check_gives(role, before)
    _check_gives(role, after)


def check_remove(role: str, *, other: str) -> None:
    """Whether a member with ``role`` may remove one with ``other``. Raises CompanyRoleMissing, OwnerStays."""
    check_may(role, "remove")
    _check_stays(other)
    _check_gives(role, other)


def check_leave(role: str) -> None:
    """Raises OwnerStays."""
    if role not in MAY["leave"]:
        raise OwnerStays()


def check_resend(*, asked_at: datetime, sendings: int, now: datetime) -> None:
    """Raises SentTooOften: for now, or for good."""
    if sendings >= MOST_SENDINGS:
        raise SentTooOften("It was sent too often: withdraw it, and invite anew.")
    left = ceil((asked_at + RESEND_AFTER - now).total_seconds())
    if left > 0:
        raise SentTooOften("It was sent a moment ago.", data={"retry_after": left})


def clean_name(text: str) -> str:
    """The name as others see it: NFC, single spaces, nothing hidden. Raises InvalidInput."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    linked = any(each in "<>@" for each in name) or _LINK.search(name)  # the name is written to strangers
    if not is_plain(name) or not any(each.isalnum() for each in name) or linked:
        detail = "Use letters, digits and spaces, without < > @, links and hidden characters."
        raise InvalidInput(errors=[FieldError("/name", "invalid", detail)])
    if len(name) > NAME_LENGTH:
        raise InvalidInput(errors=[FieldError("/name", "max_length", f"Use at most {NAME_LENGTH} characters.")])
    return name


def granted_role(role: str) -> str:
    """What a role of a company is called among the roles of the platform."""
    return f"company_{role}"


def new_invitation_token() -> tuple[str, bytes]:
    """What the letter carries, and the hash to keep."""
    token = secrets.token_urlsafe(32)
    return token, hash_of_token(token)


def hash_of_token(token: str) -> bytes:
    """Raises InvitationTokenInvalid for what can be no token."""
    if not _TOKEN.fullmatch(token):
        raise InvitationTokenInvalid()
    return hashlib.sha256(token.encode()).digest()  # 256 random bits: nothing to guess


# Private functions


def _check_gives(role: str, given: str) -> None:
    if given not in GIVES[role]:
        raise CompanyRoleMissing()


def _check_stays(role: str) -> None:
    if role == "owner":
        raise OwnerStays()
