"""Reading what identity signed, whatever it is for: one kind of token is never taken for another."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import jwt
from django.conf import settings

from kelmah import clock
from kelmah.http.errors import TokenExpired, TokenInvalid
from kelmah.http.keys import ALGORITHM, verification_key

LEEWAY = 5  # seconds between the clocks of two machines
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_ALWAYS = ("sub", "sid", "jti", "iat", "exp", "aud", "iss", "typ")


def verified_claims(token: str, *, kind: str, audience: str, require: Iterable[str]) -> Mapping[str, Any]:
    """What a token of this kind and for this audience says, once it is proven, and neither too old nor too young.

    Raises TokenInvalid, TokenExpired; Unavailable when identity's keys can't be had.
    """
    claims = _proven(token, audience=audience, require=(*_ALWAYS, *require))
    if claims["typ"] != kind:
        raise TokenInvalid(f"This token is not of the kind {kind}.")
    now = clock.now().timestamp()
    try:
        if now >= claims["exp"] + LEEWAY:
            raise TokenExpired
        if now < claims["iat"] - LEEWAY or now < claims.get("nbf", 0) - LEEWAY:
            raise TokenInvalid("This token is not valid yet.")
    except TypeError:
        raise TokenInvalid from None
    return claims


# All tokens of a key begin alike: read again for each, the header took a sixth of the check.
@lru_cache(maxsize=64)
def _kid_of(header: str) -> str | None:
    """The key's name in a token's first part; None when it has not the shape of one. Raises PyJWTError."""
    kid = jwt.get_unverified_header(f"{header}..").get("kid", "")
    # A kid is a name in our ring, never a path, an address or a query.
    return kid if _THUMBPRINT.fullmatch(kid) else None


def _proven(token: str, *, audience: str, require: tuple[str, ...]) -> Mapping[str, Any]:
    try:
        kid = _kid_of(token.partition(".")[0])
        # Asked every time: a key that was dropped proves nothing, what it has proven before included.
        if kid is None or verification_key(kid) is None:
            raise TokenInvalid
        return _decoded(token, kid, audience, settings.JWT_ISSUER, require)
    except jwt.PyJWTError:
        raise TokenInvalid from None


# An app sends one token with every request for ten minutes: each process looks at its signature once. A key is named by
# its thumbprint, so that one name never means another key; times and the denylist are for whoever asks.
@lru_cache(maxsize=1024)
def _decoded(token: str, kid: str, audience: str, issuer: str, require: tuple[str, ...]) -> Mapping[str, Any]:
    """Raises PyJWTError and TokenInvalid, which are not remembered."""
    if (key := verification_key(kid)) is None:
        raise TokenInvalid
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=audience,
        issuer=issuer,
        options={"require": list(require), "verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    return MappingProxyType(claims)
