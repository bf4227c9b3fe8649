"""What identity hands to the desk of another process: who is there, proven, for one desk, one browser and one use.

A JWT of one minute, signed by identity's ring of keys. Its kind and audience keep it out of the API, and the API's
tokens out of here.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from kelmah.errors import Forbidden, Unavailable
from kelmah.http.errors import TokenInvalid
from kelmah.http.keys import sign_token
from kelmah.http.store import StoreDown, mark_down, store
from kelmah.http.tokens import LEEWAY, verified_claims
from kelmah.staff.member import StaffMember

LIFETIME = timedelta(seconds=60)
_KIND = "staff"


class AnotherBrowser(Forbidden):
    """The way to the desk began in another browser, or too long ago: it must end where it began."""

    code, title = "desk_began_elsewhere", "This browser did not ask to enter"


class AlreadyUsed(Forbidden):
    code, title = "desk_token_used", "This way into the desk was already taken"


@dataclass(frozen=True)
class Vouched:
    """Who may enter until when, and the page they asked for."""

    member: StaffMember
    until: datetime
    address: str


def mark_of(secret: str) -> str:
    """What identity and addresses may see of the secret that a desk keeps in the browser's cookie."""
    return hashlib.sha256(secret.encode()).hexdigest()


def vouch(member: StaffMember, *, domain: str, mark: str, address: str) -> str:
    """A token for the desk of this domain, for the browser with this mark. Only identity may call this."""
    claims = {**member.as_claims(), "mark": mark, "address": address}
    return sign_token(claims, kind=_KIND, audience=_audience(domain), lifetime=LIFETIME)


def read_once(token: str, *, domain: str, secret: str) -> Vouched:
    """What a token for this desk says, the first time it comes from the browser that holds the secret.

    Whoever enters may stay as long as an access token lives, so that the denylist outlives every such stay.
    Raises TokenInvalid, TokenExpired, AnotherBrowser, AlreadyUsed; Unavailable when keys or the store can't be had.
    """
    claims = verified_claims(token, kind=_KIND, audience=_audience(domain), require=("name", "all", "mark", "address"))
    if not hmac.compare_digest(str(claims["mark"]).encode(), mark_of(secret).encode()):
        raise AnotherBrowser
    try:
        until = datetime.fromtimestamp(claims["iat"] + settings.ACCESS_TOKEN_SECONDS, UTC)
        vouched = Vouched(StaffMember.from_claims(claims), until, str(claims["address"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise TokenInvalid from None
    _use(claims)  # last: only a token that would have opened the door is spent
    return vouched


# Private functions


def _audience(domain: str) -> str:
    return f"kelmah-desk:{domain}"


def _use(claims: Mapping[str, Any]) -> None:
    kept = LIFETIME + timedelta(seconds=2 * LEEWAY)
    try:
        fresh = store().set(f"desk:jti:{claims['jti']}", b"1", nx=True, px=int(kept.total_seconds() * 1000))
    except StoreDown:
        mark_down()
        raise Unavailable("The desk can't let anybody in now.", data={"retry_after": 5}) from None
    if not fresh:
        raise AlreadyUsed
