"""Stripe's events, those of our own account and those of connected accounts (docs.stripe.com/webhooks)."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings

from domains.payments.gateways.base import Notice
from domains.payments.gateways.signatures import check_signature
from domains.payments.gateways.stripe.client import key_in, our_account
from domains.payments.gateways.stripe.payouts import TRANSFER
from domains.payments.rules import SignatureInvalid
from kelmah import clock

# By the object in the event. Charges are not here: their intents tell the same, and two tellers would be one too many.
_KINDS: Final[Mapping[str, str]] = {
    "payment_intent": "charge",
    "refund": "refund",
    "dispute": "dispute",
    "transfer": "payout",
}
_REF: Final = re.compile(r"[a-z]{2,4}_\w{1,250}")


def parse(headers: Mapping[str, str], body: bytes) -> Notice | None:
    """The claim of an event that one of our endpoints' secrets signed; None when it is about nothing we follow.

    Raises SignatureInvalid.
    """
    secrets, now = settings.STRIPE_WEBHOOK_SECRETS, int(clock.now().timestamp())
    check_signature(headers.get("Stripe-Signature", ""), body, secrets=secrets, now=now)
    try:
        return _notice(json.loads(body))
    except (ValueError, KeyError, TypeError):
        raise SignatureInvalid("The signed body is not an event.") from None


# Private functions


def _notice(event: dict[str, Any]) -> Notice | None:
    thing: dict[str, Any] = event["data"]["object"]
    kind, ref = _KINDS.get(str(thing.get("object")), ""), thing.get("id")
    if thing.get("object") == "payout":  # of a connected account; those of our own have no order
        kind, ref = "payout", (thing.get("metadata") or {}).get(TRANSFER)
    if not kind or not ref:
        return None
    if not _REF.fullmatch(str(ref)):
        raise ValueError(ref)
    account = str(event.get("account") or our_account())
    return Notice(event_id=str(event["id"]), account=account, kind=kind, ref=str(ref), key=key_in(thing))
