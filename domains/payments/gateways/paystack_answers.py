"""What Paystack's objects mean."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from domains.payments.gateways.base import (
    Dispute,
    Facts,
    NextAction,
    Order,
    Outcome,
    Pending,
    Rejected,
    Returned,
    Succeeded,
)
from domains.payments.gateways.calling import NoSense
from domains.payments.gateways.paystack_orders import NOTE
from kelmah import clock
from kelmah.money import EXPONENTS, Money

# A transaction is called abandoned from its first moment until the payer pays; a day later nobody will.
_ABANDONED_AFTER: Final = timedelta(hours=24)
_CHARGE_GOES_ON: Final = frozenset(
    {"pending", "processing", "queued", "ongoing", "pay_offline", "open_url", "send_otp", "send_pin", "send_phone"}
    | {"send_birthday", "send_address"}
)
_TRANSFER_GOES_ON: Final = frozenset({"pending", "otp", "received", "processing", "queued"})
_TRANSFER_IS_OVER: Final = frozenset({"failed", "abandoned", "blocked", "rejected"})
_ACCEPTED: Final = frozenset({"merchant-accepted", "auto-accepted"})


def charge_begun(thing: Mapping[str, Any], order: Order) -> Outcome:
    """The answer to a new charge, which tells the next step and little else. Raises NoSense."""
    if "authorization_url" in thing:
        action = NextAction(kind="redirect", data={"url": str(thing["authorization_url"])})
    elif thing.get("status") in _CHARGE_GOES_ON:
        action = NextAction(kind="approve_on_phone", data={"text": str(thing.get("display_text") or "")})
    else:
        return charge(thing)
    return Pending(facts=_ordered(order, ref=str(order.key)), next_action=action)


def charge(thing: Mapping[str, Any]) -> Outcome:
    """Raises NoSense."""
    facts = _facts(thing, ref=_text(thing, "reference"), key=key_named(thing.get("reference")), fee="fees")
    match thing.get("status"):
        case "success":
            return Succeeded(facts=facts)
        case "abandoned" if clock.now() < _moment(thing, "created_at") + _ABANDONED_AFTER:
            return Pending(facts=facts)
        case "failed" | "abandoned" | "reversed" as status:
            return Rejected(code=str(status), facts=facts)
        case status if status in _CHARGE_GOES_ON:
            return Pending(facts=facts)
    raise NoSense(f"a transaction that is {thing.get('status')!r}")


def transfer(thing: Mapping[str, Any]) -> Outcome:
    """Raises NoSense."""
    facts = _facts(thing, ref=_text(thing, "reference"), key=key_named(thing.get("reference")), fee="fee_charged")
    status = thing.get("status")
    if status == "success":
        return Succeeded(facts=facts)
    if status == "reversed":
        return Returned(facts=facts, code="reversed")
    if status in _TRANSFER_IS_OVER:
        return Rejected(code=str(status), facts=facts)
    if status in _TRANSFER_GOES_ON:
        return Pending(facts=facts)
    raise NoSense(f"a transfer that is {status!r}")


def transfer_queued(order: Order) -> Outcome:
    """One that a bulk lists: its answer tells neither whose it is nor in which mode, so it is looked up before it
    counts."""
    return Pending(facts=_ordered(order, ref=str(order.key)))


def refund(thing: Mapping[str, Any], *, of: str = "") -> Outcome:
    """Raises NoSense. ``of``: the charge's reference, since a refund names its charge by another number."""
    facts = _facts(thing, ref=_text(thing, "id"), key=key_in_note(thing), of=of)
    match thing.get("status"):
        case "processed":
            return Succeeded(facts=facts)
        case "failed":
            return Rejected(code="refund_failed", facts=facts)
        case "pending" | "processing" | "needs-attention":
            return Pending(facts=facts)
    raise NoSense(f"a refund that is {thing.get('status')!r}")


def dispute(thing: Mapping[str, Any]) -> Dispute:
    """An inquiry until it is accepted, by us or by the clock: then the money is taken for good. Raises NoSense."""
    transaction = thing.get("transaction") or {}
    disputed = {"currency": thing.get("currency") or transaction.get("currency")}
    disputed["amount"] = transaction.get("amount") if thing.get("refund_amount") is None else thing["refund_amount"]
    phase = "inquiry"
    if thing.get("status") == "resolved":
        phase = "lost" if thing.get("resolution") in _ACCEPTED else "reinstated"
    return Dispute(
        ref=_text(thing, "id"),
        charge_ref=_text(transaction, "reference"),
        amount=amount_in(disputed, "amount"),
        phase=phase,
        account=settings.PAYSTACK_INTEGRATION,
        live=thing.get("domain") == "live",
    )


def amount_in(thing: Mapping[str, Any], name: str) -> Money:
    """Its amounts are whole minor units, sometimes as texts. Raises NoSense."""
    currency, value = str(thing.get("currency")), str(thing.get(name))
    if currency not in EXPONENTS or not value.removeprefix("-").isdecimal():
        raise NoSense(f"{value} {currency} is no amount")
    return Money(int(value), currency)


def key_in_note(refund: Mapping[str, Any]) -> UUID | None:
    """The key of our order, when a refund is ours."""
    note = str(refund.get("merchant_note") or "")
    return key_named(note.removeprefix(NOTE)) if note.startswith(NOTE) else None


def key_named(reference: object) -> UUID | None:
    """The key of our order, when a reference is one."""
    try:
        return UUID(str(reference))
    except ValueError:
        return None


# Private functions


def _facts(thing: Mapping[str, Any], *, ref: str, key: UUID | None, fee: str = "", of: str = "") -> Facts:
    """Transactions don't say whose they are: whoever may ask is the one."""
    whose = thing.get("integration") or settings.PAYSTACK_INTEGRATION
    if isinstance(whose, Mapping):
        whose = whose.get("id")
    return Facts(
        ref=ref,
        key=key,
        amount=amount_in(thing, "amount"),
        account=str(whose),
        live=thing.get("domain") == "live",
        fee=amount_in(thing, fee) if fee and thing.get(fee) is not None else None,
        of=of,
    )


def _ordered(order: Order, *, ref: str) -> Facts:
    live = settings.PAYSTACK_SECRET_KEY.startswith("sk_live_")
    return Facts(ref=ref, key=order.key, amount=order.amount, account=settings.PAYSTACK_INTEGRATION, live=live)


def _text(thing: Mapping[str, Any], name: str) -> str:
    if not thing.get(name):
        raise NoSense(f"an object without {name}")
    return str(thing[name])


def _moment(thing: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromisoformat(_text(thing, name))
    except ValueError:
        raise NoSense(f"a {name} that is no moment") from None
