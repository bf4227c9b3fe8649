"""Logging in with an account at somebody else's (OpenID Connect), and what of their word is believed."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from domains.identity.rules.accounts import clean_email
from domains.identity.rules.texts import clean_display_name
from kelmah.errors import Conflict, DomainError, FieldError, Forbidden, InvalidInput, Unavailable
from kelmah.transitions import StateTable, Transition

AMR: Final = "fed"  # RFC 8176 has no name for the word of another provider
LONGEST_SUBJECT: Final = 255  # OpenID Connect Core, 2
LONGEST_CODE: Final = 4_096
FLOW_LIFETIME: Final = timedelta(minutes=10)  # to log in at the provider
CODE_LIFETIME: Final = timedelta(seconds=60)  # from the redirect to its exchange
CHOICE_LIFETIME: Final = timedelta(minutes=15)  # to choose a role, or to log in and link

SOCIAL_FLOW = StateTable(
    "social flow",
    [
        Transition("ask", "started", "asked", "browser", guard="the state is right", deadline="10 minutes"),
        Transition("prove", "asked", "proven", "system", guard="the ID token holds"),
        Transition("fail", "asked", "over", "system"),
        Transition("exchange", "proven", "exchanged", "client", guard="code and secret are right", deadline="1 minute"),
        Transition("burn", "proven", "over", "system", guard="the code came without the secret"),
        Transition("finish", "proven", "over", "client", guard="the identity is linked, or becomes so"),
        Transition("finish", "exchanged", "over", "client", deadline="15 minutes"),
    ],
    initial="started",
    final=("over",),
)


class SocialFlowInvalid(DomainError):
    """Begun elsewhere, used before, too old, or never begun: the four are never told apart."""

    code, title = "social_flow_invalid", "This login was not begun here, was used, or is too old: begin again"


class RedirectNotAllowed(InvalidInput):
    code, title = "redirect_not_allowed", "People are sent back only to addresses that the operator allows"


class ProviderUnavailable(Unavailable):
    code, title = "provider_unavailable", "The provider does not answer, or not as it should: try again"


class ProviderRefused(DomainError):
    """It answered in good order, and said no: to the person, to the code, or to us."""

    code, title = "provider_refused", "The provider refused this login"


class IdentityNotProven(DomainError):
    """What came as an ID token is forged, altered, old, or meant for somebody else."""

    code, title = "identity_not_proven", "The provider's answer does not prove who you are"


class RegistrationNeeded(Conflict):
    """Nobody has this identity yet: ``data`` holds what the provider says of the name and the address."""

    code, title = "registration_needed", "There is no account yet: choose a role"


class LinkNeeded(Conflict):
    """An account has this address. The provider's word alone never opens it."""

    code, title = "link_needed", "There is an account with this e-mail address: log in to it, then link"


class MailNotVerified(Conflict):
    """Whether an account has the address is not told."""

    code, title = "mail_not_verified", "The provider does not vouch for an e-mail address: log in or sign up, then link"


class AlreadyLinked(Conflict):
    code, title = "already_linked", "This identity, or another of this provider, is linked already"


class LastWayIn(Conflict):
    code, title = "last_way_in", "Without it nobody could log in: set a password first"


class StaffNotLinked(Forbidden):
    code, title = "staff_not_linked", "Staff log in with their password and a second factor"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Who may be asked who somebody is: a row of ``settings.SOCIAL_PROVIDERS``.

    ``sends_nonce``: an ID token without our nonce is refused; one with another's always is.
    """

    name: str
    title: str
    issuer: str
    client_id: str
    client_secret: str
    scopes: str
    pkce: bool
    sends_nonce: bool


@dataclass(frozen=True, kw_only=True)
class SocialIdentity:
    """Who the provider says somebody is. ``email`` and ``name`` are clean, or empty."""

    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""


def new_secret() -> tuple[str, bytes]:
    """256 random bits, and the hash to keep."""
    secret = secrets.token_urlsafe(32)
    return secret, hash_of(secret)


def hash_of(secret: str) -> bytes:
    # Of 256 random bits: nothing to guess, so a fast hash is right.
    return hashlib.sha256(secret.encode()).digest()


def check_redirect(wanted: str, *, allowed: list[str]) -> str:
    """The address to send the browser back to: one of the allowed, letter by letter; the first if none is wanted.

    Raises RedirectNotAllowed.
    """
    if wanted and wanted not in allowed:
        raise RedirectNotAllowed(errors=[FieldError("/redirect_to", "not_allowed", RedirectNotAllowed.title)])
    return wanted or allowed[0]


def way_back(redirect_to: str, **said: str) -> str:
    """The allowed address with what is said in its query."""
    return f"{redirect_to}?{urlencode(said)}"


def identity_of(claims: Mapping[str, Any]) -> SocialIdentity:
    """What is believed of proven claims. Raises IdentityNotProven without a usable subject.

    An address counts as verified only when the claim is JSON's true; a name that others may not see is dropped.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise IdentityNotProven()
    email = _clean(clean_email, claims.get("email"))
    return SocialIdentity(
        subject=subject,
        email=email,
        email_verified=bool(email) and claims.get("email_verified") is True,
        name=_clean(clean_display_name, claims.get("name")),
    )


# Private functions


def _clean(rule: Any, claim: object) -> str:
    try:
        return str(rule(claim)) if isinstance(claim, str) else ""
    except InvalidInput:
        return ""
