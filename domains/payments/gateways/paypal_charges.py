"""Charges: an order that the payer approves at PayPal, and that we then capture.

Until the capture the ref is ``order-{its id}``, from then on the capture's own: by that one PayPal names it in refunds,
disputes and statements. Only ``finish`` captures: whoever merely looks takes no money.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from domains.payments.gateways.base import Facts, NextAction, Order, Outcome, Pending, Rejected, Succeeded, Unknown
from domains.payments.gateways.calling import NoSense, Refused
from domains.payments.gateways.paypal_answers import amount_in, facts, made_at, text, written
from domains.payments.gateways.paypal_api import ask
from kelmah import clock

ORDER: Final = "order-"
_OPEN_FOR: Final = timedelta(hours=6)  # three hours to go to PayPal, and three there
_WAITS_FOR_PAYER: Final = frozenset({"CREATED", "SAVED", "PAYER_ACTION_REQUIRED"})
_NOT_YET: Final = frozenset({"ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED"})


def submit(order: Order) -> Outcome:
    """Open an order, or hear of the one that was opened under this key, perhaps as it was then.

    Raises as ``ask`` does.
    """
    return _opened(ask("POST", "/v2/checkout/orders", key=str(order.key), json=_body(order)), finish=True)


def query(order: Order) -> Outcome:
    """What became of it, captured if the payer has approved it. Raises as ``ask`` does."""
    if not order.ref.startswith(ORDER):
        return fetch(order.ref)
    try:
        return _looked_at(order.ref, finish=True)
    except Refused as refusal:
        if refusal.absent and made_at(order.key) + _OPEN_FOR < clock.now():
            return Rejected(code="expired")  # nobody approved it: PayPal has dropped it
        raise


def fetch(ref: str) -> Outcome:
    """Raises as ``ask`` does."""
    if ref.startswith(ORDER):
        return _looked_at(ref, finish=False)
    return captured(ask("GET", f"/v2/payments/captures/{ref}"))


def captured(capture: Mapping[str, Any]) -> Outcome:
    """What a capture came to; given back in part or whole, it was one all the same. Raises NoSense."""
    breakdown = capture.get("seller_receivable_breakdown") or {}
    told = facts(
        capture,
        ref=text(capture, "id"),
        amount=amount_in(capture, "amount"),
        key=capture.get("custom_id"),
        fee=amount_in(breakdown, "paypal_fee") if breakdown.get("paypal_fee") else None,
    )
    match capture.get("status"):
        case "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED":
            return Succeeded(facts=told)
        case "PENDING":
            return Pending(facts=told)
        case "DECLINED" | "FAILED" as status:
            reason = (capture.get("status_details") or {}).get("reason")
            return Rejected(code=str(reason or status).lower(), facts=told)
    raise NoSense(f"a capture that is {capture.get('status')!r}")


# Private functions


def _body(order: Order) -> dict[str, Any]:
    """``invoice_id`` is taken once per merchant: a second order of this key could not be paid beside the first."""
    email = order.instrument.partition(":")[2]
    context = {
        "return_url": settings.PAYPAL_RETURN_URL,
        "cancel_url": settings.PAYPAL_RETURN_URL,
        "user_action": "PAY_NOW",
        "shipping_preference": "NO_SHIPPING",
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [
            {"custom_id": str(order.key), "invoice_id": str(order.key), "amount": written(order.amount)}
        ],
        "payment_source": {"paypal": {"experience_context": context} | ({"email_address": email} if email else {})},
    }


def _looked_at(ref: str, *, finish: bool) -> Outcome:
    thing = ask("GET", f"/v2/checkout/orders/{ref.removeprefix(ORDER)}")
    outcome = _opened(thing, finish=finish)
    if thing.get("status") in _WAITS_FOR_PAYER and _opened_at(thing) + _OPEN_FOR < clock.now():
        return Rejected(code="expired", facts=outcome.facts if isinstance(outcome, Pending) else None)
    return outcome


def _opened(thing: Mapping[str, Any], *, finish: bool) -> Outcome:
    [unit] = thing.get("purchase_units") or [{}]
    told = facts(unit, ref=f"{ORDER}{text(thing, 'id')}", amount=amount_in(unit, "amount"), key=unit.get("custom_id"))
    match thing.get("status"):
        case "COMPLETED":
            captures = (unit.get("payments") or {}).get("captures") or []
            if len(captures) != 1:
                raise NoSense(f"a completed order with {len(captures)} captures")
            return captured({"payee": unit.get("payee"), "custom_id": unit.get("custom_id"), **captures[0]})
        case "APPROVED":
            return _capture(told) if finish and told.key else Pending(facts=told, ours=True)
        case "VOIDED":
            return Rejected(code="voided", facts=told)
        case status if status in _WAITS_FOR_PAYER:
            return Pending(facts=told, next_action=_next_action(thing))
    raise NoSense(f"an order that is {thing.get('status')!r}")


def _capture(told: Facts) -> Outcome:
    """The order's own key keeps it from being captured twice, and so does PayPal: an order is captured once."""
    path = f"/v2/checkout/orders/{told.ref.removeprefix(ORDER)}"
    try:
        return _opened(ask("POST", f"{path}/capture", key=f"{told.key}-capture", json={}), finish=False)
    except Refused as refusal:
        if refusal.code == "ORDER_ALREADY_CAPTURED":
            return _opened(ask("GET", path), finish=False)
        if refusal.code in _NOT_YET:
            return Pending(facts=told)
        if refusal.definitive:
            return Rejected(code=refusal.code, facts=told)
        return Unknown(reason=str(refusal))


def _next_action(thing: Mapping[str, Any]) -> NextAction | None:
    links = {str(each.get("rel")): str(each.get("href")) for each in thing.get("links") or []}
    url = links.get("payer-action") or links.get("approve")
    return NextAction(kind="redirect", data={"url": url}) if url else None


def _opened_at(thing: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(text(thing, "create_time"))
    except ValueError:
        raise NoSense("an order that was opened at no moment") from None
