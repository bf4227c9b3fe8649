"""What is asked of Easebuzz for an order, and what its transactions and refunds mean.

A charge's ref is ``{txnid}:{easepayid}`` once somebody tried to pay: the same link may be tried again, and each attempt
moves money of its own. A refund's ref is ``{easepayid}:{merchant_refund_id}``, since it is only found by its payment.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from domains.payments.gateways.base import (
    Facts,
    NextAction,
    Order,
    Outcome,
    Pending,
    Rejected,
    Succeeded,
)
from domains.payments.gateways.calling import NoSense
from domains.payments.gateways.easebuzz_api import SIGNED, hash_of
from domains.payments.rules.decimals import decimal_of, money_of
from kelmah import clock
from kelmah.ids import made_at
from kelmah.money import Money

CURRENCY: Final = "INR"
NAME: Final = re.compile(r"[A-Za-z0-9]{1,40}")
# Nobody paid yet, or left at their bank's page, of which the bank may still say that it paid: over after a day.
_OPEN: Final = frozenset({"preinitiated", "initiated", "dropped"})
_OPEN_FOR: Final = timedelta(hours=24)
_GOES_ON: Final = frozenset({"pending", "in_process"})
_OVER: Final = frozenset({"failure", "usercancelled", "bounced"})
_REFUND_GOES_ON: Final = frozenset({"queued", "initiated", "accepted", "approved", "pending", "processing"})
_REFUND_IS_OVER: Final = frozenset({"failed", "cancelled", "rejected"})


def charge_form(order: Order) -> dict[str, str]:
    """The form that asks for a link; the instrument is ``{phone}:{name}:{email}``."""
    phone, name, email = order.instrument.split(":", 2)
    form = {
        "key": settings.EASEBUZZ_KEY,
        "txnid": order.key.hex,
        "amount": rupees(order.amount),
        "productinfo": "Kelmah",
        "firstname": name,
        "email": email,
        "phone": phone,
        "surl": settings.EASEBUZZ_RETURN_URL,
        "furl": settings.EASEBUZZ_RETURN_URL,
    }
    signed = [form.get(field, "") for field in SIGNED]
    return form | {"hash": hash_of(*signed, settings.EASEBUZZ_SALT)}


def refund_form(order: Order) -> dict[str, str]:
    values = [settings.EASEBUZZ_KEY, order.key.hex, payment_in(order), rupees(order.amount)]
    names = ("key", "merchant_refund_id", "easebuzz_id", "refund_amount")
    return {**dict(zip(names, values, strict=True)), "hash": hash_of(*values, settings.EASEBUZZ_SALT)}


def payment_in(order: Order) -> str:
    """The easepayid of the charge that a refund gives back; empty when it is none of Easebuzz."""
    easepayid = order.of.partition(":")[2]
    return easepayid if NAME.fullmatch(easepayid) else ""


def charge_begun(answer: Mapping[str, Any], order: Order) -> Outcome:
    """Raises NoSense."""
    access = str(answer.get("data"))
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,200}", access):
        raise NoSense("an answer without the key to its page")
    action = NextAction(kind="redirect", data={"url": f"{settings.EASEBUZZ_PAY_URL}/pay/{access}"})
    return Pending(facts=_ordered(order, ref=order.key.hex), next_action=action)


def refund_begun(order: Order) -> Outcome:
    return Pending(facts=_ordered(order, ref=f"{payment_in(order)}:{order.key.hex}"))


def charge(attempts: Sequence[Mapping[str, Any]], *, easepayid: str = "") -> Outcome | None:
    """What became of a link: an attempt that paid, the one that is named first; or one that goes on; or the last.

    None without any. A name that no attempt has does not hide the others: it stood in no signature. Raises NoSense.
    """
    told = [_attempt(thing) for thing in sorted(attempts, key=lambda thing: thing.get("easepayid") != easepayid)]
    for wanted in (Succeeded, Pending):
        if found := [outcome for outcome in told if isinstance(outcome, wanted)]:
            return found[0]
    return told[-1] if told else None


def refund(refunds: Sequence[Mapping[str, Any]], *, name: str) -> Outcome | None:
    """The refund of this name, ours or theirs; None when there is none. Raises NoSense."""
    for thing in refunds:
        if name in (thing.get("merchant_refund_id"), thing.get("refund_id")):
            return _refund(thing, name)
    return None


def rupees(amount: Money) -> str:
    """``"1.0"``, ``"12.5"``, ``"123.45"``: as the provider writes them, who signs what it reads."""
    text = decimal_of(amount).rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def key_in(txnid: object) -> UUID | None:
    """The key of our order, when a txnid or a refund's name is one."""
    try:
        key = UUID(hex=str(txnid))
    except ValueError:
        return None
    return key if key.hex == txnid and key.version == 7 else None


# Private functions


def _attempt(thing: Mapping[str, Any]) -> Outcome:
    txnid, easepayid = str(thing.get("txnid")), str(thing.get("easepayid"))
    tried = NAME.fullmatch(easepayid) and easepayid != "NA"
    key, status = key_in(txnid), str(thing.get("status")).lower()
    facts = Facts(
        ref=f"{txnid}:{easepayid}" if tried else txnid,
        key=key,
        amount=_amount(thing, "amount"),
        account=str(thing.get("key") or settings.EASEBUZZ_KEY),
        live=settings.EASEBUZZ_LIVE,
        fee=_fee(thing),
    )
    if status == "success" and tried:
        return Succeeded(facts=facts)
    if status in _OVER or (status in _OPEN and key and made_at(key) + _OPEN_FOR < clock.now()):
        return Rejected(code=status, facts=facts)
    if status in _GOES_ON or status in _OPEN:
        return Pending(facts=facts)
    raise NoSense(f"a transaction that is {thing.get('status')!r}")


def _refund(thing: Mapping[str, Any], name: str) -> Outcome:
    status = str(thing.get("refund_status")).lower()
    easepayid = str(thing["easebuzz_id"])
    facts = Facts(
        ref=f"{easepayid}:{name}",
        key=key_in(thing.get("merchant_refund_id")),
        amount=_amount(thing, "refund_amount"),
        account=settings.EASEBUZZ_KEY,
        live=settings.EASEBUZZ_LIVE,
        of=f"{thing['txnid']}:{easepayid}" if thing.get("txnid") else "",
    )
    if status == "refunded":
        return Succeeded(facts=facts)
    if status in _REFUND_IS_OVER:
        return Rejected(code=f"refund_{status}", facts=facts)
    if status in _REFUND_GOES_ON:
        return Pending(facts=facts)
    raise NoSense(f"a refund that is {thing.get('refund_status')!r}")


def _ordered(order: Order, *, ref: str) -> Facts:
    return Facts(
        ref=ref,
        key=order.key,
        amount=order.amount,
        account=settings.EASEBUZZ_KEY,
        live=settings.EASEBUZZ_LIVE,
        of=order.of,
    )


def _amount(thing: Mapping[str, Any], name: str) -> Money:
    try:
        return money_of(str(thing.get(name)), CURRENCY)
    except ValueError as error:
        raise NoSense(str(error)) from None


def _fee(thing: Mapping[str, Any]) -> Money | None:
    """Its charge and the tax on it, where it says both to the paisa; it tells none before the payment is settled."""
    try:
        return money_of(str(thing["service_charge"]), CURRENCY) + money_of(str(thing["service_tax"]), CURRENCY)
    except (KeyError, ValueError):
        return None
