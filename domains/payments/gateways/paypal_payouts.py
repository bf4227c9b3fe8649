"""Payouts: batches, of one item each unless payouts were gathered. A batch id is taken once in thirty days, and so
our key is one: of the order that goes alone, or of the whole batch.

The ref is ``batch-{id}`` at first, ``item-{id}`` while the item is on its way, and the transaction's once it is paid:
statements know only that one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from domains.payments.gateways.base import (
    Accepted,
    Batch,
    Order,
    Outcome,
    Pending,
    Rejected,
    Returned,
    Succeeded,
    Unknown,
)
from domains.payments.gateways.calling import NoSense
from domains.payments.gateways.paypal_answers import amount_in, facts, key_named, ordered, text
from domains.payments.gateways.paypal_api import RefusedInDetail, ask, every
from domains.payments.rules.decimals import decimal_of
from kelmah import clock
from kelmah.money import Money

LARGEST: Final = 1000  # payouts of a batch: it takes 15,000, and shows 1,000 in one answer
BATCH: Final = "batch-"
ITEM: Final = "item-"
_SEARCHED: Final = timedelta(days=30)  # of the 31 that its search of transactions takes at once
_DENIED: Final = ("DENIED", "CANCELED")
_BATCHES: Final = "/v1/payments/payouts/"
_TYPES: Final = {"email": "EMAIL", "paypal_id": "PAYPAL_ID"}
_PATH_OF_BATCH: Final = re.compile(r"/v1/payments/payouts/([A-Z0-9]{6,36})$")


def submit(order: Order) -> Outcome:
    """Send it; of one that was sent before hear what became of it. Raises as ``ask`` does."""
    try:
        made = ask("POST", "/v1/payments/payouts", key=str(order.key), json=_body(order.key, [order]))
    except RefusedInDetail as refusal:
        if (batch := _sent_before(refusal)) is None:
            raise
        return fetch(f"{BATCH}{batch}")
    return Pending(facts=ordered(order, ref=f"{BATCH}{text(made.get('batch_header') or {}, 'payout_batch_id')}"))


def fetch(ref: str) -> Outcome:
    """Raises as ``ask`` does."""
    if ref.startswith(BATCH):
        return _batch(ask("GET", f"{_BATCHES}{ref.removeprefix(BATCH)}"))
    if ref.startswith(ITEM):
        return _item(ask("GET", f"/v1/payments/payouts-item/{ref.removeprefix(ITEM)}"))
    return _transaction(ref)


def submit_batch(batch: Batch) -> Accepted:
    """Send it; of one that was sent before hear its name, and what became of each. Raises as ``ask`` does."""
    try:
        made = ask("POST", "/v1/payments/payouts", key=str(batch.key), json=_body(batch.key, batch.orders))
    except RefusedInDetail as refusal:
        if (known := _sent_before(refusal)) is None:
            raise
        return query_batch(replace(batch, ref=f"{BATCH}{known}"))
    ref = f"{BATCH}{text(made.get('batch_header') or {}, 'payout_batch_id')}"
    return Accepted(ref=ref, outcomes={})  # the items have their names once they are queued


def query_batch(batch: Batch) -> Accepted:
    """What it says of each item now; of a batch that it denied as a whole, that none is paid. Raises as ``ask``."""
    thing = ask("GET", f"{_BATCHES}{batch.ref.removeprefix(BATCH)}", params={"page": 1, "page_size": LARGEST})
    status = (thing.get("batch_header") or {}).get("batch_status")
    if status in _DENIED:
        denied = Rejected(code=str(status).lower())
        return Accepted(ref=batch.ref, outcomes={order.key: denied for order in batch.orders})
    told: dict[UUID, Outcome] = {}
    for each in thing.get("items") or []:
        if key := key_named((each.get("payout_item") or {}).get("sender_item_id")):
            told[key] = _readable_item(each)
    return Accepted(ref=batch.ref, outcomes=told)


# Private functions


def _body(key: UUID, orders: Sequence[Order]) -> dict[str, Any]:
    header = {"sender_batch_id": str(key), "email_subject": "Kelmah"}
    return {"sender_batch_header": header, "items": [_item_of(order) for order in orders]}


def _item_of(order: Order) -> dict[str, Any]:
    kind, _, receiver = order.instrument.partition(":")
    return {
        "recipient_type": _TYPES[kind],
        "receiver": receiver,
        "amount": {"currency": order.amount.currency, "value": decimal_of(order.amount)},
        "sender_item_id": str(order.key),
    }


def _readable_item(thing: Mapping[str, Any]) -> Outcome:
    """One that says what nobody understands must not hide the others."""
    try:
        return _item(thing)
    except NoSense as error:
        return Unknown(reason=str(error))


def _sent_before(refusal: RefusedInDetail) -> str | None:
    """The batch that has this key already; None: it is refused for another reason.

    Raises NoSense for one that is not named, so that it is asked about again.
    """
    if refusal.field.upper() != "SENDER_BATCH_ID":
        return None
    for link in refusal.links:
        if found := _PATH_OF_BATCH.search(link):
            return found[1]
    raise NoSense("a batch that was sent before and is not named")


def _batch(thing: Mapping[str, Any]) -> Outcome:
    header = thing.get("batch_header") or {}
    ref, status, items = f"{BATCH}{text(header, 'payout_batch_id')}", header.get("batch_status"), thing.get("items")
    told = facts(
        {},
        ref=ref,
        amount=amount_in(header, "amount"),
        key=(header.get("sender_batch_header") or {}).get("sender_batch_id"),
    )
    if status in _DENIED:
        return Rejected(code=str(status).lower(), facts=told)
    if items and told.key == key_named((items[0].get("payout_item") or {}).get("sender_item_id")):
        return _item(items[0])
    if items:  # payouts that were gathered: the facts name our batch, through which each is asked about
        return Pending(facts=told)
    if status in ("PENDING", "PROCESSING"):
        return Pending(facts=told)
    raise NoSense(f"a batch without an item that is {status!r}")


def _item(thing: Mapping[str, Any]) -> Outcome:
    ordered_item, transaction = thing.get("payout_item") or {}, str(thing.get("transaction_id") or "")
    status, named = thing.get("transaction_status"), f"{ITEM}{text(thing, 'payout_item_id')}"
    over = status in ("SUCCESS", "RETURNED", "REFUNDED", "REVERSED") and transaction
    told = facts(
        {},
        ref=transaction if over else named,
        amount=amount_in(ordered_item, "amount"),
        key=ordered_item.get("sender_item_id"),
        fee=amount_in(thing, "payout_item_fee") if thing.get("payout_item_fee") else None,
    )
    match status:
        case "SUCCESS":
            return Succeeded(facts=told)
        case "PENDING" | "UNCLAIMED" | "ONHOLD":
            return Pending(facts=told)
        case "RETURNED" | "REFUNDED" | "REVERSED":
            return Returned(facts=told, code=_reason(thing, status))
        case "FAILED" | "BLOCKED" | "DENIED":
            return Rejected(code=_reason(thing, status), facts=told)
    raise NoSense(f"a payout that is {status!r}")


def _reason(thing: Mapping[str, Any], status: object) -> str:
    return str((thing.get("errors") or {}).get("name") or status).lower()


def _transaction(ref: str) -> Outcome:
    """One that was paid, by the only list that names it; it lags by up to three hours."""
    now = clock.now().replace(microsecond=0)
    span = {"start_date": (now - _SEARCHED).isoformat(), "end_date": now.isoformat(), "transaction_id": ref}
    for each in every("/v1/reporting/transactions", "transaction_details", params=span):
        thing = each.get("transaction_info") or {}
        if (thing.get("transaction_id"), thing.get("transaction_event_code")) != (ref, "T0001"):
            continue
        paid, key = amount_in(thing, "transaction_amount"), key_named(thing.get("custom_field"))
        told = facts({}, ref=ref, amount=Money(abs(paid.minor), paid.currency), key=key)
        return (
            Returned(facts=told, code="reversed") if thing.get("transaction_status") == "V" else Succeeded(facts=told)
        )
    return Unknown(reason="no such transaction is listed")
