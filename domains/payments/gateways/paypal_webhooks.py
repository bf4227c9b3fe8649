"""PayPal's webhooks: signed with its private key over the transmission, our webhook's id and the body's CRC-32.

They are verified here, with PayPal's certificate, which is fetched once: asking PayPal about each one would let anybody
make us ask, and nothing could be received while it is down.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings

from domains.payments.gateways.base import Notice
from domains.payments.gateways.calling import NoAnswer, call
from domains.payments.gateways.paypal_answers import key_named
from domains.payments.gateways.paypal_api import is_dispute, is_ref
from domains.payments.rules import SignatureInvalid
from kelmah import clock
from kelmah.errors import Unavailable

_REPEATED_FOR: Final = timedelta(days=4)  # it repeats for three days, perhaps under the time of the first attempt
_AHEAD: Final = timedelta(minutes=1)
_PATH: Final = "/v1/notifications/certs/"
_CERTIFICATE: Final = re.compile(r"CERT-[A-Za-z0-9-]{1,100}")
_REFUNDS: Final = ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED")
_ORDERS: Final = ("CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.VOIDED")
_CAPTURES: Final = tuple(f"PAYMENT.CAPTURE.{end}" for end in ("COMPLETED", "PENDING", "DECLINED", "DENIED"))
_known: dict[tuple[str, str], x509.Certificate] = {}


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
        _key(headers.get("paypal-cert-url", "")).verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise SignatureInvalid() from None


def _key(url: str) -> RSAPublicKey:
    """Of a certificate that lies where PayPal keeps them: whoever can put one there is PayPal."""
    base = f"{settings.PAYPAL_CERTIFICATES_URL}{_PATH}"
    name = url.removeprefix(base)
    if not url.startswith(base) or not _CERTIFICATE.fullmatch(name):
        raise SignatureInvalid()
    certificate = _known.get((base, name)) or _fetched(base, name)
    key = certificate.public_key()
    if not certificate.not_valid_before_utc <= clock.now() <= certificate.not_valid_after_utc:
        raise SignatureInvalid()
    if not isinstance(key, RSAPublicKey):
        raise SignatureInvalid()
    return key


def _fetched(base: str, name: str) -> x509.Certificate:
    try:
        answer = call("GET", settings.PAYPAL_CERTIFICATES_URL, f"{_PATH}{name}")
    except NoAnswer as error:
        raise Unavailable(f"PayPal's certificate can't be had: {error}.", data={"retry_after": 60}) from error
    if answer.status_code >= 500 or answer.status_code == 429:
        raise Unavailable("PayPal's certificate can't be had now.", data={"retry_after": 60})
    try:
        certificate = x509.load_pem_x509_certificate(answer.content)
    except ValueError:
        raise SignatureInvalid() from None
    _known[base, name] = certificate
    return certificate
