"""Charges: a PaymentIntent each, made and confirmed in one call (docs.stripe.com/payments/paymentintents/lifecycle).

The instrument is a payment method (``pm_…``), which the payer's app got from Stripe, or one saved for a customer
(``cus_…/pm_…``). Of which types, Stripe's dashboard says.
"""

from typing import Any, Final

import stripe
from django.conf import settings
from stripe.params import PaymentIntentCreateParams

from domains.payments.gateways.base import (
    Facts,
    NextAction,
    Order,
    Outcome,
    Pending,
    Rejected,
    Succeeded,
    Unknown,
)
from domains.payments.gateways.stripe.amounts import NotWritable, read, written
from domains.payments.gateways.stripe.client import (
    NO_SUCH,
    ORDER,
    UNREADABLE,
    client,
    facts_of,
    failed_order,
    failed_question,
    is_ref,
)
from domains.payments.gateways.stripe.finding import named, since
from kelmah.money import Money, UnknownCurrency

_PAGES: Final = ("url", "hosted_instructions_url", "hosted_voucher_url", "image_url_png")  # what the payer can open
_WITH_FEE: Final = ["latest_charge.balance_transaction"]


def submit(order: Order) -> Outcome:
    """Charge the instrument, once under the order's key."""
    try:
        intent = client().v1.payment_intents.create(_params(order), {"idempotency_key": str(order.key)})
    except stripe.CardError as error:
        return _declined(error)
    except stripe.StripeError as error:
        return failed_order(error)
    return outcome_of(intent)


def query(order: Order) -> Outcome:
    """By our key: the search first, which is one call but may lag, then the list since the order was made."""
    try:
        intent = _searched(order) or next(named(order.key, _made_since(order)), None)
    except stripe.StripeError as error:
        return failed_question(error)
    return fetch(intent.id) if intent else NO_SUCH


def fetch(ref: str) -> Outcome:
    if not is_ref(ref):
        return NO_SUCH
    try:
        return outcome_of(client().v1.payment_intents.retrieve(ref, {"expand": _WITH_FEE}))
    except stripe.StripeError as error:
        return failed_question(error)


def outcome_of(intent: stripe.PaymentIntent) -> Outcome:
    """What a PaymentIntent's state is to us."""
    try:
        return _outcome(intent.to_dict())
    except UNREADABLE as error:
        return Unknown(reason=f"unreadable: {type(error).__name__}")


# Private functions


def _params(order: Order) -> PaymentIntentCreateParams:
    customer, _, method = order.instrument.rpartition("/")
    params: PaymentIntentCreateParams = {
        "amount": written(order.amount),
        "currency": order.amount.currency.lower(),
        "payment_method": method,
        "confirm": True,
        "metadata": {ORDER: str(order.key)},
        "expand": _WITH_FEE,
    }
    if customer:
        params["customer"] = customer
    if settings.STRIPE_RETURN_URL:
        params["return_url"] = settings.STRIPE_RETURN_URL
    return params


def _searched(order: Order) -> stripe.PaymentIntent | None:
    try:
        found = client().v1.payment_intents.search({"query": f"metadata['{ORDER}']:'{order.key}'", "limit": 1}).data
    except stripe.InvalidRequestError:
        return None  # not every country's accounts may search
    return found[0] if found else None


def _made_since(order: Order) -> stripe.ListObject[stripe.PaymentIntent]:
    return client().v1.payment_intents.list({"created": {"gte": since(order.key)}, "limit": 100})


def _declined(error: stripe.CardError) -> Outcome:
    """The refusal carries the intent that was made: nobody else knows its secret, so that it stays refused."""
    body: Any = error.json_body
    refusal = failed_order(error)
    try:
        intent = body["error"]["payment_intent"]
        facts = facts_of(intent, minor=intent["amount"])
    except UNREADABLE:
        return refusal
    return Rejected(code=refusal.code, facts=facts) if isinstance(refusal, Rejected) else refusal


def _outcome(intent: dict[str, Any]) -> Outcome:
    match intent["status"]:
        case "succeeded":
            return Succeeded(facts=_succeeded(intent))
        case "requires_payment_method" | "canceled":
            return Rejected(code=_refusal(intent), facts=facts_of(intent, minor=intent["amount"]))
        case "processing" | "requires_action" | "requires_confirmation" | "requires_capture":
            facts = facts_of(intent, minor=intent["amount"])
            return Pending(facts=facts, next_action=next_action(intent.get("next_action")))
    return Unknown(reason="in a state that is not known here")


def _succeeded(intent: dict[str, Any]) -> Facts:
    # Without a word of what was received, it was all.
    return facts_of(intent, minor=intent.get("amount_received", intent["amount"]), fee=_fee(intent["latest_charge"]))


def _fee(charge: Any) -> Money | None:
    """What Stripe kept; None until the charge is settled, an hour later at most, or in a currency unknown here."""
    movement = charge.get("balance_transaction") if isinstance(charge, dict) else None
    if not isinstance(movement, dict):
        return None
    try:
        return read(movement["fee"], movement["currency"])
    except (UnknownCurrency, NotWritable):
        return None  # the money moved all the same


def _refusal(intent: dict[str, Any]) -> str:
    error = intent.get("last_payment_error") or {}
    return str(error.get("decline_code") or error.get("code") or intent.get("cancellation_reason") or "refused")


def next_action(action: dict[str, Any] | None) -> NextAction | None:
    """What the payer has to do, of what Stripe may ask for; None when only Stripe's own library could do it."""
    kind = str((action or {}).get("type"))
    shown = (action or {}).get(kind) or {}
    page = next((shown[name] for name in _PAGES if shown.get(name)), "")
    if kind == "display_bank_transfer_instructions":
        return NextAction(kind="bank_transfer", data={"url": page, "reference": str(shown.get("reference") or "")})
    if kind.endswith("_display_qr_code") and shown.get("data"):
        return NextAction(kind="qr_code", data={"code": shown["data"], "url": page})
    return NextAction(kind="redirect", data={"url": page}) if page else None
