"""Who is asking, from the access token of the request and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from kelmah.errors import Unavailable
from kelmah.http.denylist import Death, death_of
from kelmah.http.errors import TokenInvalid, TokenStale
from kelmah.http.store import StoreDown
from kelmah.http.tokens import verified_claims
from kelmah.principal import Grant, Principal

log = structlog.get_logger(__name__)

API_KEY_PREFIX: Final = "kk_"


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """``request.auth``: what the token says beyond who the caller is.

    ``auth_time`` is when they logged in; ``fresh_at`` when they last proved who they are by the strongest factor they
    have. ``limited``: their role needs a second factor that this session has not shown. ``standings``: how often the
    rights of those who speak, and are spoken for, had changed.
    """

    jti: str
    issued_at: datetime
    expires_at: datetime
    auth_time: datetime
    fresh_at: datetime
    amr: tuple[str, ...]
    standings: Mapping[UUID, int]
    limited: bool = False


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer <JWT>``. No header: anonymous. A bad token is refused, never taken for none."""

    def authenticate(self, request: Request) -> tuple[Principal, AccessToken] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer":
            raise TokenInvalid("Send Authorization: Bearer followed by an access token.")
        if token.lstrip().startswith(API_KEY_PREFIX):
            raise TokenInvalid("This is an API key: exchange it for an access token at POST /api/v1/auth/key-token.")
        principal, access = read_access_token(token.strip())
        _refuse_the_dead(principal, access, request)
        return principal, access

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="kelmah"'


def caller_of(request: Request) -> Principal | None:
    """The caller, or None for nobody."""
    return request.user if isinstance(request.user, Principal) else None


def read_access_token(token: str) -> tuple[Principal, AccessToken]:
    """The caller a token speaks for. Whether its session was ended is not asked here.

    Raises TokenInvalid, TokenExpired; Unavailable when identity's keys can't be had.
    """
    claims = verified_claims(token, kind="access", audience=settings.JWT_AUDIENCE, require=("roles", "auth_time"))
    try:
        return _principal(claims), _access_token(claims)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TokenInvalid from None


def _principal(claims: Mapping[str, Any]) -> Principal:
    return Principal(
        user_id=UUID(claims["sub"]),
        roles=frozenset(map(str, claims["roles"])),
        session_id=UUID(claims["sid"]),
        grants=frozenset(Grant(str(role), str(kind), str(within)) for role, kind, within in claims.get("grants", ())),
        company_id=UUID(claims["company"]) if claims.get("company") else None,
        mfa_level=int(claims.get("mfa", 0)),
        impersonated_by=UUID(claims["act"]["sub"]) if "act" in claims else None,
        restricted=frozenset(map(str, claims.get("restricted", ()))),
        **_key_of(claims),
    )


def _key_of(claims: Mapping[str, Any]) -> dict[str, Any]:
    if "api_key" not in claims:
        return {}
    key = claims["api_key"]
    return {
        "key_id": UUID(claims["sid"]),
        "key_scopes": frozenset(map(str, key["scopes"])),
        "test_mode": key["test"] is not False,
    }


def _access_token(claims: Mapping[str, Any]) -> AccessToken:
    return AccessToken(
        jti=claims["jti"],
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        auth_time=datetime.fromtimestamp(claims["auth_time"], UTC),
        fresh_at=datetime.fromtimestamp(claims.get("fresh", claims["auth_time"]), UTC),
        amr=tuple(claims.get("amr", ())),
        standings=_standings(claims),
        limited=claims.get("limited", False) is not False,
    )


def _standings(claims: Mapping[str, Any]) -> dict[UUID, int]:
    speaking = [claims, claims["act"]] if "act" in claims else [claims]
    return {UUID(each["sub"]): int(each.get("standing", 0)) for each in speaking}


def _refuse_the_dead(principal: Principal, access: AccessToken, request: Request) -> None:
    sessions = [principal.session_id] if principal.session_id else []
    try:
        death = death_of(sessions=sessions, standings=access.standings)
    except StoreDown:
        # Without the store a dead token can't be told from a living one for up to its lifetime. Reading is worth that
        # risk; money, credentials and what staff do are not.
        log.error("session_denylist_unreachable")
        view = (request.parser_context or {}).get("view")
        if view is not None and view.is_privileged():
            raise Unavailable("Sessions can't be checked now.", data={"retry_after": 5}) from None
        return
    if death is Death.ENDED:
        raise TokenInvalid("This session was ended: log in again.")
    if death is Death.STALE:
        raise TokenStale
