"""Secrets that are sent to an address: whoever brings one back has the address.

To an e-mail address goes a link with 256 random bits; to a phone six digits where a person types them in, else a link.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from kelmah.errors import FieldError, InvalidInput, NotFound

# What a secret is for, and how long a link lives.
LINK_LASTS: Final[Mapping[str, timedelta]] = {
    "register": timedelta(hours=24),
    "reset": timedelta(hours=1),
    "change": timedelta(hours=24),
    "undo": timedelta(hours=72),
    "unlock": timedelta(hours=24),
}
TYPED_IN: Final = ("register", "reset", "change")  # as six digits, by people who wait for a text
CODE_LASTS: Final = timedelta(minutes=5)
TRIES: Final = 3  # wrong ones, after which the secret is dead
LONGEST_SECRET: Final = 100


class SecretRefused(InvalidInput):
    """Wrong, used, too old, tried too often, somebody else's: never told apart."""

    code, title = "secret_refused", "This link or code is wrong, was used, or is too old: ask for a new one"


class NothingAwaited(NotFound):
    """Nothing of this id waits for a secret any more."""

    title = "This has ended: begin again"


def is_email(address: str) -> bool:
    """A clean address is an e-mail address or a phone number."""
    return "@" in address


def is_code(purpose: str, address: str) -> bool:
    """Whether the secret is six digits."""
    return purpose in TYPED_IN and not is_email(address)


def lasts(purpose: str, address: str) -> timedelta:
    """How long a secret is good, from when it is sent."""
    return CODE_LASTS if is_code(purpose, address) else LINK_LASTS[purpose]


def new_secret(purpose: str, address: str) -> str:
    if is_code(purpose, address):
        return f"{secrets.randbelow(10**6):06}"
    return secrets.token_urlsafe(32)


def one_of(email: str, phone: str) -> str:
    """The one that is given. Raises InvalidInput for none and for both: only what is proved is kept."""
    if not email and not phone:
        raise InvalidInput(errors=[FieldError("/email", "required", "Give an e-mail address or a phone number.")])
    if email and phone:
        raise InvalidInput(errors=[FieldError("/phone", "one_only", "Give one of the two; add the other one later.")])
    return email or phone
