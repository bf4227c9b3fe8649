"""What Hubtel's transactions mean. Its services write the same names in different cases: here they are in small."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from domains.payments.gateways.base import Facts, Order, Outcome, Pending, Rejected, Succeeded
from domains.payments.gateways.calling import NoSense
from domains.payments.rules.decimals import money_of
from kelmah import clock
from kelmah.money import Money

CURRENCY: Final = "GHS"
# "Unpaid" is said of what waits and of what failed; a prompt on a phone is over long before this.
_PROMPT_IS_OVER: Final = timedelta(minutes=15)


def plain(thing: object) -> Any:
    """The same with all names in small letters."""
    if isinstance(thing, Mapping):
        return {str(name).lower(): plain(value) for name, value in thing.items()}
    return thing


def charge(thing: Mapping[str, Any]) -> Outcome:
    """Raises NoSense."""
    amount = _amount(thing, "amount")
    fee = amount - _amount(thing, "amountaftercharges") if thing.get("amountaftercharges") is not None else None
    facts = _facts(thing, amount=amount, fee=fee)
    match str(thing.get("status")).lower():
        case "paid":
            return Succeeded(facts=facts)
        case "unpaid" if clock.now() < _moment(thing) + _PROMPT_IS_OVER:
            return Pending(facts=facts)
        case "unpaid" | "refunded" as status:
            return Rejected(code=status, facts=facts)
    raise NoSense(f"a transaction that is {thing.get('status')!r}")


def payout(thing: Mapping[str, Any]) -> Outcome:
    """Raises NoSense."""
    fee = _amount(thing, "fees") if thing.get("fees") is not None else None
    facts = _facts(thing, amount=_amount(thing, "amount"), fee=fee)
    match str(thing.get("transactionstatus")).lower():
        case "success":
            return Succeeded(facts=facts)
        case "pending":
            return Pending(facts=facts)
        case "failed":
            return Rejected(code="failed", facts=facts)
    raise NoSense(f"a transfer that is {thing.get('transactionstatus')!r}")


def ordered(order: Order) -> Facts:
    """Those of an order that was taken."""
    return Facts(
        ref=order.key.hex,
        key=order.key,
        amount=order.amount,
        account=settings.HUBTEL_POS_SALES_ID,
        live=settings.HUBTEL_LIVE,
    )


def key_in(reference: str) -> UUID | None:
    """The key of our order, when a reference is one."""
    try:
        key = UUID(hex=reference)
    except ValueError:
        return None
    return key if key.hex == reference else None


# Private functions


def _facts(thing: Mapping[str, Any], *, amount: Money, fee: Money | None) -> Facts:
    """The status is asked under our own account, and names none."""
    reference = str(thing.get("clientreference") or "")
    if not reference:
        raise NoSense("a transaction without a reference")
    return Facts(
        ref=reference,
        key=key_in(reference),
        amount=amount,
        account=settings.HUBTEL_POS_SALES_ID,
        live=settings.HUBTEL_LIVE,
        fee=fee,
    )


def _amount(thing: Mapping[str, Any], name: str) -> Money:
    try:
        return money_of(str(thing.get(name)), str(thing.get("currencycode") or CURRENCY))
    except ValueError as error:
        raise NoSense(str(error)) from None


def _moment(thing: Mapping[str, Any]) -> datetime:
    """It writes seven digits of a second, and forgets the zone at times: then it is UTC, which is Ghana's."""
    try:
        moment = datetime.fromisoformat(str(thing.get("date")))
    except ValueError:
        raise NoSense("a transaction without its time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
