"""Passkeys (WebAuthn level 3): what is asked of an authenticator, and whether its answer is right."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import webauthn
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from domains.identity.rules.factors import PASSKEY_OF_MANY, PASSKEY_OF_ONE_DEVICE, PasskeyRefused

LONGEST_CREDENTIAL_ID: Final = 1023
_TIMEOUT: Final = 120_000  # milliseconds that a browser waits; a hint
# What the library and those below it raise for bytes that no authenticator makes.
_MALFORMED = (
    *(WebAuthnException, ValueError, TypeError, LookupError, AttributeError, OverflowError),
    *(UnsupportedAlgorithm, InvalidSignature),
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Whom passkeys are for: the domain they are bound to, and the addresses of pages that may ask for them."""

    domain: str
    origins: tuple[str, ...]
    name: str = "Kelmah"


@dataclass(frozen=True, kw_only=True)
class NewPasskey:
    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool


@dataclass(frozen=True, kw_only=True)
class KnownPasskey:
    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a right answer says: the counter to keep, and by what method it was (RFC 8176)."""

    sign_count: int
    method: str


def new_challenge() -> bytes:
    return secrets.token_bytes(32)


def hash_of_challenge(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()


def to_add(
    site: Site, *, challenge: bytes, user_id: UUID, login: str, name: str, known: Iterable[bytes]
) -> dict[str, Any]:
    """Options for ``navigator.credentials.create``: one that is found without a login, and asks who holds it."""
    options = webauthn.generate_registration_options(
        rp_id=site.domain,
        rp_name=site.name,
        user_id=user_id.bytes,
        user_name=login,
        user_display_name=name,
        challenge=challenge,
        timeout=_TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(known),
    )
    return dict(options_to_json_dict(options))


def to_prove(site: Site, *, challenge: bytes, known: Iterable[bytes] = ()) -> dict[str, Any]:
    """Options for ``navigator.credentials.get``; without ``known``, whoever's passkey the browser finds."""
    options = webauthn.generate_authentication_options(
        rp_id=site.domain,
        challenge=challenge,
        timeout=_TIMEOUT,
        allow_credentials=_described(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options_to_json_dict(options))


def challenge_in(credential: Mapping[str, Any]) -> bytes:
    """The challenge that an answer says it answers. Raises PasskeyRefused."""
    try:
        return bytes(parse_client_data_json(base64url_to_bytes(credential["response"]["clientDataJSON"])).challenge)
    except _MALFORMED:
        raise PasskeyRefused from None


def credential_id_in(credential: Mapping[str, Any]) -> bytes:
    """Which passkey an answer says it is of. Raises PasskeyRefused."""
    try:
        return bytes(base64url_to_bytes(credential["rawId"]))
    except _MALFORMED:
        raise PasskeyRefused from None


def names(credential: Mapping[str, Any], *, user_id: UUID) -> bool:
    """Whether the answer says that it is of this user: an authenticator that finds passkeys by itself must."""
    try:
        return bytes(base64url_to_bytes(credential["response"]["userHandle"])) == user_id.bytes
    except _MALFORMED:
        return False


def check_new(credential: Mapping[str, Any], *, site: Site, challenge: bytes) -> NewPasskey:
    """The passkey that an authenticator made. Raises PasskeyRefused."""
    try:
        made = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.domain,
            expected_origin=list(site.origins),
            require_user_verification=True,
        )
    except _MALFORMED:
        raise PasskeyRefused from None
    if len(made.credential_id) > LONGEST_CREDENTIAL_ID:
        raise PasskeyRefused
    return NewPasskey(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        is_synced=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
    )


def check_use(credential: Mapping[str, Any], *, known: KnownPasskey, site: Site, challenge: bytes) -> Use:
    """A use of a known passkey: right site, challenge and signature, its holder verified, its counter not behind.

    Raises PasskeyRefused.
    """
    try:
        used = webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.domain,
            expected_origin=list(site.origins),
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except _MALFORMED:
        raise PasskeyRefused from None
    synced = used.credential_device_type is CredentialDeviceType.MULTI_DEVICE
    return Use(sign_count=used.new_sign_count, method=PASSKEY_OF_MANY if synced else PASSKEY_OF_ONE_DEVICE)


# Private functions


def _described(known: Iterable[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known]
