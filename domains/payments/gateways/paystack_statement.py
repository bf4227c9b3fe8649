"""A day at Paystack, from its three lists: transactions, transfers, refunds. It has no statement of its own."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from domains.payments.gateways.base import StatementLine
from domains.payments.gateways.calling import NoSense
from domains.payments.gateways.paystack_answers import amount_in, key_in_note, key_named
from domains.payments.gateways.paystack_api import every

# Lists go by when a thing was made, lines by when money moved: what was made this long before is looked through. Banks
# take up to ten working days for a refund, and send a transfer back as late.
_MADE_BEFORE: Final = {
    "/transaction": timedelta(days=3),
    "/transfer": timedelta(days=31),
    "/refund": timedelta(days=31),
}


def lines_of(day: date) -> list[StatementLine]:
    """Oldest first. Raises Refused, NoAnswer, NoSense."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    lines = [
        *_all("/transaction", start, _charged),
        *_all("/transfer", start, _transferred),
        *_all("/refund", start, _refunded),
    ]
    that_day = [line for line in lines if start <= line.occurred_at < start + timedelta(days=1)]
    return sorted(that_day, key=lambda line: (line.occurred_at, line.line_id))


# Private functions


def _all(path: str, start: datetime, read: Any) -> Iterator[StatementLine]:
    since, until = start - _MADE_BEFORE[path], start + timedelta(days=1)
    for thing in every(path, params={"from": since.isoformat(), "to": until.isoformat()}):
        yield from read(thing)


def _charged(thing: Mapping[str, Any]) -> Iterator[StatementLine]:
    if thing.get("status") in ("success", "reversed"):
        yield _line(thing, "transaction", "charge", sign=1, fee="fees", at=thing.get("paid_at"))


def _transferred(thing: Mapping[str, Any]) -> Iterator[StatementLine]:
    """It may wait for days before it is done: of that day it tells by its last change alone. Come back, it is told as
    both once more, since it may never have been seen as done; a line that was told before is known."""
    changed = thing.get("updatedAt") or thing.get("createdAt")
    if thing.get("status") in ("success", "reversed"):
        yield _line(thing, "transfer", "payout", sign=-1, fee="fee_charged", at=changed)
    if thing.get("status") == "reversed":
        yield _line(thing, "transfer-back", "payout", sign=1, fee="", at=changed)


def _refunded(thing: Mapping[str, Any]) -> Iterator[StatementLine]:
    if thing.get("status") == "processed":
        yield _line(thing, "refund", "refund", sign=-1, fee="", at=thing.get("refunded_at"))


def _line(thing: Mapping[str, Any], what: str, kind: str, *, sign: int, fee: str, at: object) -> StatementLine:
    amount = amount_in(thing, "amount")
    try:
        occurred_at = datetime.fromisoformat(str(at))
    except ValueError:
        raise NoSense(f"a {what} at no moment") from None
    return StatementLine(
        line_id=f"{what}:{thing.get('id')}",
        kind=kind,
        ref=str(thing.get("id") if kind == "refund" else thing.get("reference")),
        key=key_in_note(thing) if kind == "refund" else key_named(thing.get("reference")),
        amount=amount if sign > 0 else -amount,
        fee=amount_in(thing, fee) if fee and thing.get(fee) is not None else None,
        occurred_at=occurred_at,
    )
