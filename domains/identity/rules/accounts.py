"""Names that people log in with, and when a login is refused."""

import re
import unicodedata
from datetime import timedelta
from typing import Final

import phonenumbers

from kelmah.errors import Conflict, FieldError, InvalidInput, Unauthenticated
from kelmah.transitions import StateTable, Transition

ROLES_TO_CHOOSE: Final = ("worker", "hirer")  # everything else is granted, never chosen
LOCK_AFTER: Final = 5
LOCK_FOR: Final = timedelta(minutes=30)
HOME_REGION: Final = "GH"  # of phone numbers written without a country code

USER = StateTable(
    "user",
    [
        Transition("suspend", "active", "suspended", "staff"),
        Transition("reactivate", "suspended", "active", "staff"),
    ],
    initial="active",
    final=(),
)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+[a-z][a-z0-9-]{{1,62}}")


class LoginFailed(Unauthenticated):
    """Unknown account, wrong password and locked account are never told apart."""

    code, title = "login_failed", "This login and password do not belong together, or too many tries were made"


class LoginTaken(Conflict):
    code, title = "login_taken", "There is an account with this e-mail address or phone number: log in instead"


def clean_email(text: str) -> str:
    """The address as it is stored: NFKC, lower case, the domain in ASCII (IDNA). Raises InvalidInput.

    Letters outside ASCII are refused before the @: two addresses must not look the same.
    """
    local, _, domain = unicodedata.normalize("NFKC", text).strip().lower().rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        address = ""
    if not _EMAIL.fullmatch(address) or ".." in local or local.startswith(".") or local.endswith("."):
        raise InvalidInput(errors=[FieldError("/email", "invalid", "This is not an e-mail address we can write to.")])
    return address


def clean_phone(text: str) -> str:
    """The number in E.164. Raises InvalidInput."""
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        detail = "Write the number with its country code, for example +233 24 123 4567."
        raise InvalidInput(errors=[FieldError("/phone", "invalid", detail)])
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def clean_display_name(text: str) -> str:
    """The name as others see it: NFC, single spaces, nothing invisible. Raises InvalidInput."""
    name = unicodedata.normalize("NFC", " ".join(text.split(" "))).strip()
    hidden = any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in name)
    if hidden or not 2 <= len(name) <= 80 or any(character in "<>@" for character in name):
        detail = "2 to 80 visible characters, without < > @."
        raise InvalidInput(errors=[FieldError("/display_name", "invalid", detail)])
    return name
