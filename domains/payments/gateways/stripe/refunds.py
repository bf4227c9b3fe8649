"""Refunds of a charge, whole or in parts; Stripe refuses what is more than is left of it."""

from typing import Any

import stripe
from stripe.params import RefundCreateParams, RefundListParams

from domains.payments.gateways.base import Order, Outcome, Pending, Rejected, Returned, Succeeded, Unknown
from domains.payments.gateways.stripe.amounts import written
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
from domains.payments.gateways.stripe.finding import named


def submit(order: Order) -> Outcome:
    """Give money of the charge ``order.of`` back, once under the order's key."""
    params: RefundCreateParams = {"amount": written(order.amount), "metadata": {ORDER: str(order.key)}}
    if order.of.startswith("pi_"):
        params["payment_intent"] = order.of
    else:
        params["charge"] = order.of
    try:
        return outcome_of(client().v1.refunds.create(params, {"idempotency_key": str(order.key)}))
    except stripe.StripeError as error:
        return failed_order(error)


def query(order: Order) -> Outcome:
    """By our key, among the refunds of the charge."""
    params: RefundListParams = {"limit": 100}
    if order.of.startswith("pi_"):
        params["payment_intent"] = order.of
    else:
        params["charge"] = order.of
    try:
        refund = next(named(order.key, client().v1.refunds.list(params)), None)
    except stripe.StripeError as error:
        return failed_question(error)
    return outcome_of(refund) if refund else NO_SUCH


def fetch(ref: str) -> Outcome:
    if not is_ref(ref):
        return NO_SUCH
    try:
        return outcome_of(client().v1.refunds.retrieve(ref))
    except stripe.StripeError as error:
        return failed_question(error)


def outcome_of(refund: stripe.Refund) -> Outcome:
    """What a Refund's state is to us."""
    try:
        return _outcome(refund.to_dict())
    except UNREADABLE as error:
        return Unknown(reason=f"unreadable: {type(error).__name__}")


# Private functions


def _outcome(refund: dict[str, Any]) -> Outcome:
    facts = facts_of(refund, minor=refund["amount"], of=str(refund.get("payment_intent") or refund["charge"]))
    match refund["status"]:
        case "succeeded":
            return Succeeded(facts=facts)
        case "pending" | "requires_action":
            return Pending(facts=facts)
        case "failed":  # perhaps long after it had succeeded: Stripe has put the money back into our balance
            return Returned(facts=facts, code=str(refund.get("failure_reason") or "failed"))
        case "canceled":
            return Rejected(code="canceled", facts=facts)
    return Unknown(reason="in a state that is not known here")
