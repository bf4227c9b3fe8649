"""Webhook signatures in Stripe's scheme: ``t=<unix time>,v1=<hex HMAC-SHA256 of "t.body">``, several ``v1`` allowed."""

import hashlib
import hmac
from typing import Final

from domains.payments.rules import SignatureInvalid

TOLERANCE: Final = 300  # seconds into the past
AHEAD: Final = 60  # seconds into the future: a signature from later than that was not made by an honest clock


def sign(secret: str, body: bytes, *, at: int) -> str:
    """The header for a body sent at unix time ``at``."""
    return f"t={at},v1={_digest(secret, body, at)}"


def check_signature(header: str, body: bytes, *, secrets: list[str], now: int) -> None:
    """Raises SignatureInvalid unless one of the secrets made one of the signatures, recently."""
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    signatures = [value for name, _, value in parts if name.strip() == "v1"]
    if len(times) != 1 or not times[0].isdecimal() or len(times[0]) > 12:
        raise SignatureInvalid()
    at = int(times[0])
    if not now - TOLERANCE <= at <= now + AHEAD:
        raise SignatureInvalid()
    expected = [_digest(secret, body, at) for secret in secrets]
    if not any(hmac.compare_digest(made, given) for made in expected for given in signatures if given.isascii()):
        raise SignatureInvalid()


def _digest(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
