"""Money reserved for something, captured for what it was worth, or given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domains.payments import rules
from domains.payments.actions.journals import hash_of, resolved
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Deadline, LedgerTransaction, MoneyHold
from domains.payments.queries import holds, refunds
from domains.payments.rules import owners
from kelmah import clock, deadlines
from kelmah.db import atomic
from kelmah.errors import InvalidInput
from kelmah.interfaces.payments.types import MoneyLine
from kelmah.money import Money

EXPIRE: Final = "hold_expires"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be held: ``key``, ``purpose`` and ``source`` are the asking domain's own words."""

    key: str
    payer_id: UUID
    amount: Money
    purpose: str
    source: str
    expires_at: datetime | None


def hold(wanted: Wanted) -> MoneyHold:
    """Reserve money of the payer's wallet; the same twice is once.

    Raises InsufficientFunds (also of what is owed), LedgerKeyReused, InvalidInput (nothing, or less).
    """
    if wanted.amount.minor < 1:
        raise InvalidInput("What is held is more than nothing.")
    with atomic("payments"):
        held, is_new = MoneyHold.objects.get_or_create(key=wanted.key, defaults=_row(wanted))
        if not is_new:
            if (held.payer_id, held.amount, held.purpose) != (wanted.payer_id, wanted.amount, wanted.purpose):
                raise rules.LedgerKeyReused()
            return held
        if wanted.expires_at:
            deadlines.schedule(Deadline, subject_id=held.id, kind=EXPIRE, due_at=wanted.expires_at, version=1)
        refunds.check_spendable(wanted.payer_id, wanted.amount)
        lines = [
            Line(rules.available(wanted.payer_id, held.currency), -held.amount),
            Line(owners.hold(held.id), held.amount),
        ]
        post(key=f"hold:{held.id}:take", kind="hold_take", lines=lines, reference=_reference(held))
    return held


def capture(*, key: str, lines: Sequence[MoneyLine]) -> MoneyHold:
    """What is held becomes what the lines say, no more than is held; the rest goes back to the payer. Once.

    Raises NotFound, LinesDoNotFit, AccountUnknown, InvalidTransition (captured otherwise, released or expired).
    """
    with atomic("payments"):
        held = holds.lock_hold(key)  # a release, a second capture and the clock meet here
        if held.state == "captured" and held.lines_hash == hash_of(lines):
            return held
        taken = _sum(lines, held.currency)
        step = owners.MONEY_HOLD.check("capture", held.state)
        if any(line.amount.minor < 0 for line in lines) or not 0 < taken.minor <= held.amount_minor:
            raise owners.LinesDoNotFit()
        held.captured_minor, held.lines_hash = taken.minor, hash_of(lines)
        rest = Line(rules.available(held.payer_id, held.currency), held.amount - taken)
        to = [*resolved(lines, key=_settle_key(held)), *([rest] if rest.amount.minor else [])]
        _settle(held, step, to=to)
    return held


def release(*, key: str) -> MoneyHold:
    """All that is held goes back to the payer; twice is once. Raises NotFound, InvalidTransition (it was captured)."""
    with atomic("payments"):
        held = holds.lock_hold(key)
        if held.state not in ("released", "expired"):
            _give_back(held, "release")
    return held


def expire(*, subject_id: UUID, subject_version: int) -> None:
    """Nobody captured it in time: it goes back to the payer."""
    with atomic("payments"):
        held = MoneyHold.objects.select_for_update().get(id=subject_id)
        if held.state == "held":
            _give_back(held, "expire")


def refund(*, key: str, refund_key: str, lines: Sequence[MoneyLine]) -> MoneyHold:
    """Of what was captured, the lines (all negative) go back to the payer; each ``refund_key`` once.

    Raises NotFound, LinesDoNotFit (more than was captured), InsufficientFunds, LedgerKeyReused, InvalidTransition.
    """
    with atomic("payments"):
        held = holds.lock_hold(key)  # two refunds at once must not give back more than was captured
        ledger_key, asked = f"hold:{held.id}:refund:{refund_key}", hash_of(lines)
        known = LedgerTransaction.objects.filter(idem=ledger_key).first()
        if known is not None:
            if known.reference.get("asked") != asked:
                raise rules.LedgerKeyReused()
            return held
        owners.MONEY_HOLD.check("refund", held.state)
        back = -_sum(lines, held.currency)
        if any(line.amount.minor >= 0 for line in lines) or held.refunded + back > held.captured:
            raise owners.LinesDoNotFit()
        held.refunded_minor += back.minor
        to = [*resolved(lines, key=ledger_key), Line(rules.available(held.payer_id, held.currency), back)]
        post(key=ledger_key, kind="hold_refund", lines=to, reference={**_reference(held), "asked": asked})
        held.save_change("refunded_minor")
    return held


# Private functions


def _give_back(held: MoneyHold, step: str) -> None:
    state = owners.MONEY_HOLD.check(step, held.state)
    _settle(held, state, to=[Line(rules.available(held.payer_id, held.currency), held.amount)])


def _settle(held: MoneyHold, state: str, *, to: list[Line]) -> None:
    # Behind the row lock one key for every end excludes that a hold is both captured and given back.
    held.state, held.settled_at = state, clock.now()
    lines = [Line(owners.hold(held.id), -held.amount), *to]
    post(key=_settle_key(held), kind=f"hold_{state}", lines=lines, reference=_reference(held))
    held.save_change("state", "settled_at", "captured_minor", "lines_hash")
    if state != "expired":
        deadlines.cancel(Deadline, subject_id=held.id, kind=EXPIRE)


def _row(wanted: Wanted) -> dict[str, Any]:
    return {
        "payer_id": wanted.payer_id,
        "purpose": wanted.purpose,
        "source": wanted.source,
        "amount_minor": wanted.amount.minor,
        "currency": wanted.amount.currency,
        "created_at": clock.now(),
        "expires_at": wanted.expires_at,
    }


def _sum(lines: Sequence[MoneyLine], currency: str) -> Money:
    if not lines or any(line.amount.currency != currency for line in lines):
        raise owners.LinesDoNotFit()
    return Money(sum(line.amount.minor for line in lines), currency)


def _settle_key(held: MoneyHold) -> str:
    return f"hold:{held.id}:settle"


def _reference(held: MoneyHold) -> dict[str, str]:
    return {"hold_id": str(held.id), "source": held.source, "purpose": held.purpose}
