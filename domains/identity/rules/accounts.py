"""Names that people log in with, and when a login is refused."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Final

import idna
import phonenumbers

from kelmah.errors import Conflict, FieldError, InvalidInput, Unauthenticated
from kelmah.transitions import StateTable, Transition

ROLES_TO_CHOOSE: Final = ("worker", "hirer")  # everything else is granted, never chosen
ROLES: Final = (*ROLES_TO_CHOOSE, "staff")
GRANTED_ROLE: Final = r"^[a-z][a-z0-9_]{1,39}$"
LOCALES: Final = ("en", "tw", "ga", "fr")
HOME_REGION: Final = "GH"  # of phone numbers written without a country code
HOME_ZONE: Final = "Africa/Accra"

LOCK_AFTER: Final = 5
LOCK_FOR: Final = timedelta(minutes=30)

USER = StateTable(
    "user",
    [
        Transition("suspend", "active", "suspended", "staff", event="UserStatusChanged"),
        Transition("suspend", "deactivated", "suspended", "staff", event="UserStatusChanged"),
        Transition("reactivate", "suspended", "active", "staff", event="UserStatusChanged"),
        Transition("deactivate", "active", "deactivated", "member", event="UserStatusChanged"),
        Transition("come_back", "deactivated", "active", "member", guard="a login", event="UserStatusChanged"),
        *(
            Transition("erase", state, "erased", "system", guard="nothing stands against it", event="UserStatusChanged")
            for state in ("active", "suspended", "deactivated")
        ),
    ],
    initial="active",
    final=("erased",),
)

MAY_LOG_IN: Final = ("active", "deactivated")  # a login switches on again what its owner had switched off

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LOCAL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_EMAIL = re.compile(rf"(?=.{{3,254}}$)(?=.{{1,64}}@){_LOCAL}@(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")


class LoginFailed(Unauthenticated):
    """Unknown account, wrong password, locked and suspended account are never told apart."""

    code, title = "login_failed", "This login and password do not belong together, or too many tries were made"


class LoginTaken(Conflict):
    code, title = "login_taken", "There is an account with this e-mail address or phone number: log in instead"


class AlreadyGranted(Conflict):
    code, title = "already_granted", "This person has this role already"


class OwnPasswordWrong(InvalidInput):
    """Locked is not told apart from wrong, here neither."""

    code, title = "password_wrong", "This is not your password, or too many tries were made"


def clean_email(text: str) -> str:
    """The address as it is stored: NFKC, lower case, ASCII, the domain by IDNA. Raises InvalidInput.

    Before the @ only ASCII is taken, and after it IDNA leaves nothing else: no two stored addresses look the same.
    """
    local, _, domain = unicodedata.normalize("NFKC", text).strip().lower().rpartition("@")
    try:
        address = f"{local}@{idna.encode(domain, uts46=True, std3_rules=True).decode()}"
    except (idna.IDNAError, UnicodeError):
        address = ""
    if not _EMAIL.fullmatch(address):
        raise InvalidInput(errors=[FieldError("/email", "invalid", "This is not an e-mail address we can write to.")])
    return address


def clean_phone(text: str) -> str:
    """The number in E.164; without a country code it is one of Ghana. Raises InvalidInput."""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    # An extension would be dropped, and two people behind one switchboard would become one.
    if number is None or number.extension or not phonenumbers.is_valid_number(number):
        detail = "Write the number with its country code, for example +233 24 123 4567."
        raise InvalidInput(errors=[FieldError("/phone", "invalid", detail)])
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_locked(locked_until: datetime | None, *, now: datetime) -> bool:
    return locked_until is not None and locked_until > now


def after_failure(failures: int, last_failed_at: datetime | None, *, now: datetime) -> tuple[int, datetime | None]:
    """The count after one more wrong password, and until when the login is locked.

    Old mistakes are forgotten after half an hour. Not to be asked while locked: tries during a lock must not prolong
    it, or a stranger could keep somebody out for ever.
    """
    recent = failures if last_failed_at is not None and now - last_failed_at < LOCK_FOR else 0
    if recent + 1 >= LOCK_AFTER:
        return 0, now + LOCK_FOR
    return recent + 1, None
