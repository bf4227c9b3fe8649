"""Webhook bodies that nobody signed, or whose signature stands inside them: read before anything vouches for them."""

import json
from typing import Any, Final

from domains.payments.rules import SignatureInvalid

_MOST_PARTS: Final = 100  # objects and lists of one event


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
