"""The official SDK, and what its errors mean for an order."""

import re
from functools import cache
from typing import Any, Final
from uuid import UUID

import stripe
from django.conf import settings

from domains.payments.gateways.base import Facts, Rejected, Unknown
from domains.payments.gateways.stripe.amounts import read
from kelmah.errors import Unavailable
from kelmah.money import Money, UnknownCurrency

NO_SUCH: Final = Unknown(reason="no such object", absent=True)
API_VERSION: Final = "2026-10-28.endive"  # the one that this SDK's types describe: both change together
TIMEOUT: Final = 20.0  # seconds: a confirmation waits for the bank behind the card
ORDER: Final = "order"  # the entry of metadata that holds our key
UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, UnknownCurrency)  # raised by reading a surprise

stripe.enable_telemetry = False  # how long our calls take is nobody else's


def client() -> stripe.StripeClient:
    """Our account's client. It never retries: the order is repeated by whoever knows that it was sent before."""
    return _client(settings.STRIPE_API_URL, settings.STRIPE_SECRET_KEY, TIMEOUT)


def our_account() -> str:
    return str(settings.STRIPE_ACCOUNT)


def is_live() -> bool:
    """A key belongs to one mode, and so does everything that is read with it."""
    return str(settings.STRIPE_SECRET_KEY).startswith(("sk_live_", "rk_live_"))


def is_ref(ref: str) -> bool:
    """Whether it can be the name of an object: what can't be is not asked, lest it lead to another address."""
    return re.fullmatch(r"\w{1,255}", ref, re.ASCII) is not None


def key_in(data: dict[str, Any]) -> UUID | None:
    """The key of our order in an object's metadata."""
    try:
        return UUID(str((data.get("metadata") or {})[ORDER]))
    except (KeyError, ValueError):
        return None


def facts_of(data: dict[str, Any], *, minor: int, fee: Money | None = None, of: str = "") -> Facts:
    """``data``: an object of Stripe's of which ``minor`` moved, in its own writing."""
    return Facts(
        ref=str(data["id"]),
        key=key_in(data),
        amount=read(minor, data["currency"]),
        account=our_account(),
        live=bool(data.get("livemode", is_live())),  # refunds don't say
        fee=fee,
        of=of,
    )


def failed_order(error: stripe.StripeError) -> Rejected | Unknown:
    """An order's error. Only what Stripe refused for the order's own sake will never be done.

    Keys, permissions, rates and outages say nothing about it, nor does a key that is in use or was used for another.
    """
    refused = isinstance(error, stripe.CardError) or (
        isinstance(error, stripe.InvalidRequestError) and error.http_status in (400, 404)
    )
    if not refused or error.code in ("idempotency_key_in_use", "lock_timeout"):
        return Unknown(reason=_reason(error))
    declined = error.error.decline_code if error.error and isinstance(error, stripe.CardError) else None
    return Rejected(code=str(declined or error.code or "refused"))


def failed_question(error: stripe.StripeError) -> Unknown:
    """A question's error; ``absent`` only when Stripe says that there is no such thing."""
    absent = isinstance(error, stripe.InvalidRequestError) and error.http_status == 404
    return Unknown(reason=_reason(error), absent=absent)


def unavailable(error: stripe.StripeError) -> Unavailable:
    return Unavailable(f"Stripe does not answer ({_reason(error)}).", data={"retry_after": 60})


def unreadable(error: Exception) -> Unavailable:
    return Unavailable(f"Stripe's answer can't be read ({type(error).__name__}).", data={"retry_after": 600})


# Private functions


@cache
def _client(url: str, key: str, timeout: float) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": url},
        stripe_version=API_VERSION,
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=timeout),
    )


def _reason(error: stripe.StripeError) -> str:
    """What can be written down: never the message, which may quote what was sent."""
    return " ".join(str(part) for part in (type(error).__name__, error.http_status, error.code) if part)
