"""The ring of keys behind everything that identity signs: ES256, each named by its RFC 7638 thumbprint.

Where identity runs, ``settings.JWT_SIGNING_KEY_FILES`` names files of private keys, which are read again when they
change (or ``JWT_SIGNING_KEYS`` holds them, as PEM); the first signs, all verify and all are published. Anywhere else
both are empty and the public halves come from identity's JWKS address. A key is rotated in three steps, so that nobody
meets a token before its key: ``kelmah.http.signing_key_file``.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kelmah import clock
from kelmah.http.remote_keys import ask_ahead, remote_keys
from kelmah.http.signing_key_file import KeptKey, read
from kelmah.secret_files import WatchedFile

ALGORITHM = "ES256"


@dataclass(frozen=True)
class SigningKey:
    kid: str
    private: ec.EllipticCurvePrivateKey
    jwk: Mapping[str, str]

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self.private.public_key()


def sign_access_token(claims: Mapping[str, Any], *, lifetime: timedelta | None = None) -> str:
    """A bearer token for ``claims`` (sub, sid, roles, amr, auth_time, mfa; optionally fresh, limited,
    grants, company, api_key, act), good for ``settings.ACCESS_TOKEN_SECONDS`` unless said."""
    lasts = timedelta(seconds=settings.ACCESS_TOKEN_SECONDS) if lifetime is None else lifetime
    return sign_token(claims, kind="access", audience=settings.JWT_AUDIENCE, lifetime=lasts)


def sign_token(claims: Mapping[str, Any], *, kind: str, audience: str, lifetime: timedelta) -> str:
    """A token for ``claims``. Only identity may call this.

    jti, iat and exp are filled in unless given; aud, iss and typ are always what is said here.
    """
    key = _own_ring()[0]
    issued = int(clock.now().timestamp())
    payload = {
        "jti": secrets.token_urlsafe(16),
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        **claims,
        "aud": audience,
        "iss": settings.JWT_ISSUER,
        "typ": kind,
    }
    return jwt.encode(payload, key.private, algorithm=ALGORITHM, headers={"kid": key.kid})


def verification_key(kid: str) -> ec.EllipticCurvePublicKey | None:
    """The public key of that name, or None. Raises Unavailable when identity is elsewhere and has never answered."""
    if _signs_here():
        return next((key.public for key in _own_ring() if key.kid == kid), None)
    return remote_keys(_jwks_url()).get(kid)


def ask_for_keys_ahead() -> None:
    """For a process that is about to verify tokens: nothing to do where identity is, or where nobody knows where."""
    if not _signs_here() and "identity" in settings.DOMAIN_URLS:
        ask_ahead(_jwks_url())


def public_ring() -> list[dict[str, str]]:
    """The public halves as JWKs (RFC 7517), for the JWKS document."""
    return [{**key.jwk, "kid": key.kid, "alg": ALGORITHM, "use": "sig"} for key in _own_ring()]


def _jwks_url() -> str:
    return f"{settings.DOMAIN_URLS['identity'].rstrip('/')}/.well-known/jwks.json"


def kid_of(pem: str) -> str:
    """What a private key is called in tokens and in the JWKS document."""
    return _read_key(pem).kid


def _signs_here() -> bool:
    return bool(settings.JWT_SIGNING_KEY_FILES or settings.JWT_SIGNING_KEYS)


def _own_ring() -> tuple[SigningKey, ...]:
    if settings.JWT_SIGNING_KEY_FILES:
        kept = [key for path in settings.JWT_SIGNING_KEY_FILES for key in _watched(path).content()]
        return _read_ring(tuple(key.pem for key in kept))
    return _read_ring(tuple(settings.JWT_SIGNING_KEYS))


@cache
def _watched(path: str) -> WatchedFile[list[KeptKey]]:
    return WatchedFile(Path(path), read, first=[])


@cache
def _read_ring(pems: tuple[str, ...]) -> tuple[SigningKey, ...]:
    if not pems:
        raise ImproperlyConfigured("JWT_SIGNING_KEYS must hold at least one P-256 private key in PEM format")
    return tuple(_read_key(pem) for pem in pems)


def _read_key(pem: str) -> SigningKey:
    private = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise ImproperlyConfigured("JWT_SIGNING_KEYS must hold P-256 keys: openssl ecparam -name prime256v1 -genkey")
    numbers = private.public_key().public_numbers()
    jwk = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
    return SigningKey(kid=_thumbprint(jwk), private=private, jwk=jwk)


def _coordinate(number: int) -> str:
    return _base64url(number.to_bytes(32, "big"))


def _thumbprint(jwk: Mapping[str, str]) -> str:
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return _base64url(hashlib.sha256(canonical).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
