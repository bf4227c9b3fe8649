"""Paystack's webhooks: signed with our secret key over the raw body, without an id and without a time."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

from django.conf import settings

from domains.payments.gateways.base import Notice
from domains.payments.gateways.paystack_api import is_ref
from domains.payments.rules import SignatureInvalid

_KINDS: Final[Mapping[str, tuple[str, str]]] = {  # event: what it is about, and the field that names it
    "charge.success": ("charge", "reference"),
    "charge.failed": ("charge", "reference"),
    "transfer.success": ("payout", "reference"),
    "transfer.failed": ("payout", "reference"),
    "transfer.reversed": ("payout", "reference"),
    "refund.pending": ("refund", "id"),
    "refund.processing": ("refund", "id"),
    "refund.processed": ("refund", "id"),
    "refund.failed": ("refund", "id"),
    "refund.needs-attention": ("refund", "id"),
    "charge.dispute.create": ("dispute", "id"),
    "charge.dispute.remind": ("dispute", "id"),
    "charge.dispute.resolve": ("dispute", "id"),
}


def notice_in(headers: Mapping[str, str], body: bytes) -> Notice | None:
    """Its claim; None: about nothing that we follow, or a refund that it doesn't name. Raises SignatureInvalid."""
    _check(headers.get("x-paystack-signature") or headers.get("X-Paystack-Signature") or "", body)
    try:
        event = json.loads(body)
        kind, name = _KINDS.get(event["event"], ("", ""))
        ref = event["data"].get(name) if name else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SignatureInvalid("The signed body is not an event.") from None
    if not ref or not is_ref(str(ref)):
        return None
    return Notice(
        event_id=hashlib.sha256(body).hexdigest(),  # sent again, it is the same body
        account=settings.PAYSTACK_INTEGRATION,
        kind=kind,
        ref=str(ref),
    )


# Private functions


def _check(given: str, body: bytes) -> None:
    """Either the key of today or one that was in use before it."""
    keys = [settings.PAYSTACK_SECRET_KEY, *settings.PAYSTACK_OLD_SECRET_KEYS]
    made = [hmac.new(key.encode(), body, hashlib.sha512).hexdigest() for key in keys if key]
    if not given.isascii() or not any(hmac.compare_digest(each, given) for each in made):
        raise SignatureInvalid()
