"""What counts as proof of who somebody is, and what a second factor must be."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from kelmah.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound, Unauthenticated

KINDS: Final = ("totp", "passkey")
Kind = Literal["password", "totp", "recovery_code", "passkey"]

ENROLLING_LASTS: Final = timedelta(minutes=10)
PENDING_LASTS: Final = timedelta(minutes=5)
PENDING_TRIES: Final = 5
CHALLENGE_LASTS: Final = timedelta(minutes=5)
MOST_FACTORS: Final = 10
LONGEST_FACTOR_NAME: Final = 60
LONGEST_TOTP: Final = 8  # as typed; recovery codes are longer
DEFAULT_NAMES: Final = {"totp": "Authenticator app", "passkey": "Passkey"}

# Authentication method references (RFC 8176), and "recovery", which it doesn't know.
PASSWORD: Final = "pwd"  # noqa: S105 - a name
TOTP: Final = "otp"
RECOVERY_CODE: Final = "recovery"
PASSKEY_OF_ONE_DEVICE: Final = "hwk"
PASSKEY_OF_MANY: Final = "swk"
_SECOND: Final = frozenset({TOTP, RECOVERY_CODE, PASSKEY_OF_ONE_DEVICE, PASSKEY_OF_MANY})


class SecondFactorRequired(Unauthenticated):
    """The first step was right, and the account has a second factor. ``data``: the ``login_token`` to send it with
    within five minutes, the kinds of ``factors``, and options for a passkey if there is one."""

    code, title = "second_factor_required", "Send your second factor: POST /api/v1/auth/login/second-factor"


class SecondFactorFailed(Unauthenticated):
    """Wrong, used before, or one of too many tries: never told apart."""

    code, title = "second_factor_failed", "This proof is not right, was used before, or too many tries were made"


class LoginTokenInvalid(Unauthenticated):
    """Unknown, used, older than five minutes, or tried five times: never told apart."""

    code, title = "login_token_invalid", "This login is over: begin again"


class ProofRefused(Forbidden):
    """As SecondFactorFailed, for somebody who is logged in and stays it."""

    code, title = "proof_refused", "This proof is not right, was used before, or too many tries were made"


class StrongerProofNeeded(Forbidden):
    """A password is no proof for whoever has a second factor. ``data.factors`` says which kinds they have."""

    code, title = "stronger_proof_needed", "Prove it by one of your second factors"


class PasskeyRefused(InvalidInput):
    """Another site's, an answer to another question, used before, too late, or without asking who holds the device."""

    code, title = "passkey_refused", "This passkey was not accepted: begin again"


class PasskeyKnown(Conflict):
    code, title = "passkey_known", "This passkey is registered already"


class NoEnrolment(Conflict):
    code, title = "no_enrolment", "Begin again: nothing is being added, or it took more than ten minutes"


class TooManyFactors(Conflict):
    code, title = "too_many_factors", f"There are {MOST_FACTORS} factors: remove one first"


class NoFactorYet(Conflict):
    code, title = "no_factor_yet", "Recovery codes stand in for a second factor: add one first"


class LastFactor(Conflict):
    code, title = "last_factor", "Your role needs a second factor: add another before you remove this one"


class FactorNotFound(NotFound):
    title = "You have no such factor"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One way of showing who one is, as it was sent."""

    kind: Kind
    value: Any = field(repr=False)


def is_strong(amr: Collection[str]) -> bool:
    """Whether a second factor is among the methods. A passkey is one by itself: it asks who holds the device."""
    return not _SECOND.isdisjoint(amr)


def method_of_kind(kind: str, *, synced: bool) -> str:
    """The method (RFC 8176) that is shown by adding a factor of this kind."""
    if kind == "totp":
        return TOTP
    return PASSKEY_OF_MANY if synced else PASSKEY_OF_ONE_DEVICE


def methods(before: Collection[str], more: str) -> list[str]:
    """The methods after one more proof, each once, in the order of proving."""
    return list(dict.fromkeys([*before, more]))


def clean_name(text: str, kind: str) -> str:
    """The name of a factor for its owner's list; a plain one when they gave none. Raises InvalidInput."""
    name = " ".join(text.split()) or DEFAULT_NAMES[kind]
    if len(name) > LONGEST_FACTOR_NAME:
        detail = f"Use at most {LONGEST_FACTOR_NAME} characters."
        raise InvalidInput(errors=[FieldError("/name", "max_length", detail)])
    return name
