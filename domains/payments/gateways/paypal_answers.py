"""What PayPal's objects have in common, and what its refunds and disputes mean."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from domains.payments.gateways.base import Dispute, Facts, Order, Outcome, Pending, Rejected, Returned, Succeeded
from domains.payments.gateways.calling import NoSense
from domains.payments.rules.decimals import decimal_of, money_of
from kelmah.money import Money

_REAL: Final = frozenset({"api-m.paypal.com", "api.paypal.com"})
_TAKEN: Final = frozenset({"RESOLVED_BUYER_FAVOUR", "ACCEPTED"})
_FEES: Final = frozenset({"DISPUTE_SETTLEMENT_FEE", "DISPUTE_FEE", "CHARGEBACK_FEE"})


def is_live() -> bool:
    """Only PayPal's own production moves real money; its sandbox is another address."""
    return urlsplit(settings.PAYPAL_API_URL).hostname in _REAL


def written(amount: Money) -> dict[str, str]:
    """As orders and refunds write it. Payouts call the same ``currency``."""
    return {"currency_code": amount.currency, "value": decimal_of(amount)}


def amount_in(thing: Mapping[str, Any], name: str) -> Money:
    """Its amounts are decimals with the currency's own digits. Raises NoSense."""
    said = thing.get(name) or {}
    try:
        return money_of(str(said.get("value")), str(said.get("currency_code") or said.get("currency")))
    except (AttributeError, ValueError):
        raise NoSense(f"no amount in {name}") from None


def key_named(said: object) -> UUID | None:
    """The key of our order, when it is one."""
    try:
        return UUID(str(said))
    except ValueError:
        return None


def made_at(key: UUID) -> datetime:
    """When an order was made: keys are UUIDv7."""
    return datetime.fromtimestamp((key.int >> 80) / 1000, tz=UTC)


def facts(
    thing: Mapping[str, Any], *, ref: str, amount: Money, key: object, fee: Money | None = None, of: str = ""
) -> Facts:
    """What doesn't say whose it is is ours: it was asked for with our access."""
    whose = (thing.get("payee") or {}).get("merchant_id") or settings.PAYPAL_MERCHANT_ID
    return Facts(ref=ref, key=key_named(key), amount=amount, account=str(whose), live=is_live(), fee=fee, of=of)


def ordered(order: Order, *, ref: str) -> Facts:
    """What is known of an order that was taken, and not looked at yet."""
    return facts({}, ref=ref, amount=order.amount, key=order.key)


def text(thing: Mapping[str, Any], name: str) -> str:
    """Raises NoSense when it is missing."""
    if not thing.get(name):
        raise NoSense(f"an object without {name}")
    return str(thing[name])


def refund(thing: Mapping[str, Any]) -> Outcome:
    """Raises NoSense."""
    links = {str(each.get("rel")): str(each.get("href")) for each in thing.get("links") or []}
    told = facts(
        thing,
        ref=text(thing, "id"),
        amount=amount_in(thing, "amount"),
        key=thing.get("custom_id"),
        of=links.get("up", "").rpartition("/")[2],
    )
    match thing.get("status"):
        case "COMPLETED":
            return Succeeded(facts=told)
        case "PENDING":
            return Pending(facts=told)
        case "FAILED":  # an eCheck may bounce after the refund was called done: then the money is ours again
            return Returned(facts=told, code="refund_failed")
        case "CANCELLED":
            return Rejected(code="refund_cancelled", facts=told)
    raise NoSense(f"a refund that is {thing.get('status')!r}")


def dispute(thing: Mapping[str, Any]) -> Dispute:
    """Raises NoSense."""
    [about, *_] = thing.get("disputed_transactions") or [{}]
    seller = about.get("seller") or {}
    return Dispute(
        ref=text(thing, "dispute_id"),
        charge_ref=text(about, "seller_transaction_id"),
        amount=amount_in(thing, "dispute_amount"),
        phase=_phase(thing),
        account=str(seller.get("merchant_id") or settings.PAYPAL_MERCHANT_ID),
        live=is_live(),
    )


# Private functions


def _phase(thing: Mapping[str, Any]) -> str:
    """What moved decides where it is told, fees apart: while it looks into a case PayPal only holds the money."""
    moved = [
        amount_in(each, "amount").minor * (1 if each.get("type") == "DEBIT" else -1)
        for each in thing.get("money_movements") or []
        if each.get("affected_party") == "SELLER" and each.get("reason") not in _FEES
    ]
    over = thing.get("status") == "RESOLVED"
    if moved:
        return "reinstated" if sum(moved) <= 0 else "lost" if over else "withdrawn"
    outcome = (thing.get("dispute_outcome") or {}).get("outcome_code")
    if not over:
        return "inquiry"
    return "lost" if outcome in _TAKEN else "closed"
