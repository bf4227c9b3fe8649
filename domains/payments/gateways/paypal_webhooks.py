"""PayPal's webhooks: signed with its private key over the transmission, our webhook's id and the body's CRC-32.

They are verified here, with PayPal's certificate, which is fetched once: asking PayPal about each one would let anybody
make us ask, and nothing could be received while it is down.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings

from domains.payments.gateways.base import Notice
from domains.payments.gateways.paypal_answers import key_named
from domains.payments.gateways.paypal_api import is_dispute, is_ref
from domains.payments.gateways.paypal_certificates import key_at
from domains.payments.rules import SignatureInvalid
from kelmah import clock

_REPEATED_FOR: Final = timedelta(days=4)  # it repeats for three days, perhaps under the time of the first attempt
_AHEAD: Final = timedelta(minutes=1)
_REFUNDS: Final = ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED")
_ORDERS: Final = ("CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.VOIDED")
_CAPTURES: Final = tuple(f"PAYMENT.CAPTURE.{end}" for end in ("COMPLETED", "PENDING", "DECLINED", "DENIED"))


def notice_in(headers: Mapping[str, str], body: bytes) -> Notice | None:
    """Its claim; None: about nothing that we follow.

    Raises SignatureInvalid, and Unavailable when PayPal's certificate can't be had now: it sends again.
    """
    _check({name.lower(): value for name, value in headers.items()}, body)
    try:
        event = json.loads(body)
        kind, ref, key = _about(str(event["event_type"]), event["resource"])
        event_id = str(event["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SignatureInvalid("The signed body is not an event.") from None
    if not kind or not (is_dispute(ref) if kind == "dispute" else is_ref(ref)):
        return None
    return Notice(event_id=event_id, account=settings.PAYPAL_MERCHANT_ID, kind=kind, ref=ref, key=key_named(key))


# Private functions


def _about(event: str, thing: Mapping[str, Any]) -> tuple[str, str, object]:
    """Kind and ref of the object, and our key where it is named."""
    if event in _CAPTURES:
        return "charge", str(thing.get("id")), thing.get("custom_id")
    if event in _ORDERS:
        return "charge", f"order-{thing.get('id')}", None
    if event in _REFUNDS:
        return "refund", str(thing.get("id")), None  # a refund made at PayPal's own desk may show the charge's key
    if event.startswith("PAYMENT.PAYOUTS-ITEM."):
        return "payout", f"item-{thing.get('payout_item_id')}", None
    if event.startswith("PAYMENT.PAYOUTSBATCH."):
        return "payout", f"batch-{(thing.get('batch_header') or {}).get('payout_batch_id')}", None
    if event.startswith("CUSTOMER.DISPUTE."):
        return "dispute", str(thing.get("dispute_id")), None
    return "", "", None


def _check(headers: Mapping[str, str], body: bytes) -> None:
    moment, transmission = headers.get("paypal-transmission-time", ""), headers.get("paypal-transmission-id", "")
    if headers.get("paypal-auth-algo") != "SHA256withRSA" or not settings.PAYPAL_WEBHOOK_ID:
        raise SignatureInvalid()
    try:
        age = clock.now() - datetime.fromisoformat(moment)
        signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
    except (ValueError, TypeError, binascii.Error):
        raise SignatureInvalid() from None
    if not -_AHEAD <= age <= _REPEATED_FOR:
        raise SignatureInvalid()
    signed = f"{transmission}|{moment}|{settings.PAYPAL_WEBHOOK_ID}|{zlib.crc32(body)}".encode()
    try:
        key_at(headers.get("paypal-cert-url", "")).verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise SignatureInvalid() from None
