"""Webhook signatures in Stripe's scheme: ``t=<unix time>,v1=<hex HMAC-SHA256 of "t.body">``, several ``v1`` allowed.

And bodies that nobody signed, or whose signature stands inside them.
"""

import hashlib
import hmac
import json
from typing import Any, Final

from domains.payments.rules import SignatureInvalid

TOLERANCE: Final = 300  # seconds into the past
_MOST_PARTS: Final = 100  # objects and lists of one event
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


def read_unsigned(body: bytes, **options: Any) -> Any:
    """What a body says in JSON, whoever wrote it; ``options`` as ``json.loads`` has them.

    Raises SignatureInvalid for what is none, or has more parts than a provider writes: nested deep enough, it would
    break whoever walks through it.
    """
    if body.count(b"{") + body.count(b"[") > _MOST_PARTS:
        raise SignatureInvalid("The body is not an event.")
    try:
        return json.loads(body, **options)
    except ValueError:
        raise SignatureInvalid("The body is not an event.") from None


def _digest(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
