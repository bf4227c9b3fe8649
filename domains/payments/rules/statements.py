"""How the lines of a gateway's statement meet the legs of our books.

A leg is an entry on the mirror of a gateway, seen from our side: positive when we should have more there. Every line
must have one leg and every leg one line; what hasn't is a difference of one of these kinds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kelmah.money import Money

# What a line came to. Those in OPEN are looked at again: their other half may come.
VERDICTS: Final = (
    "waiting",
    "matched",
    "late",
    "cancelled",
    "suspended",
    "booked",
    "accepted",
    "duplicate",
    "amount_diff",
    "missing_here",
)
OPEN: Final = ("waiting", "duplicate", "amount_diff", "missing_here")
# Kinds of differences; while one of RED is open, no payout leaves.
RED: Final = ("missing_here", "missing_there", "amount_diff", "duplicate", "contradicts")
DIFFERENCES: Final = (*RED, "late")


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One leg of the books; ``taken``: another line has it already."""

    transaction_id: int
    amount: Money
    at: datetime
    taken: bool


@dataclass(frozen=True, kw_only=True)
class Meeting:
    verdict: str
    leg: Leg | None = None


def meet(*, amount: Money, occurred_at: datetime, legs: Sequence[Leg], patience: timedelta) -> Meeting:
    """Which of the legs is this line's, and how well they fit: matched, late, duplicate, amount_diff, missing_here.

    Late: later than ``patience`` after we had booked it. Duplicate: its only leg has a line of its own.
    """
    free = [leg for leg in legs if not leg.taken]
    for leg in free:
        if leg.amount == amount:
            return Meeting(verdict="late" if occurred_at > leg.at + patience else "matched", leg=leg)
    for leg in free:
        if leg.amount.currency == amount.currency and (leg.amount.minor > 0) == (amount.minor > 0):
            return Meeting(verdict="amount_diff", leg=leg)
    if any(leg.amount == amount for leg in legs):
        return Meeting(verdict="duplicate")
    return Meeting(verdict="missing_here")


def patience_with(gateway: str) -> timedelta:
    """How long after we have booked something its line may take: banks rest at weekends."""
    return timedelta(days=4 if gateway == "bank" else 2)


def booked_under(*, gateway: str, kind: str, subject_id: UUID, ref: str) -> list[str]:
    """The ledger keys under which what an order came to is booked."""
    of_object = keys_of_object(gateway, ref) if ref else []
    if kind == "charge":
        return of_object
    return [f"{kind}:{subject_id}:settle", f"{kind}:{subject_id}:returned", *of_object]


def keys_of_object(gateway: str, ref: str) -> list[str]:
    """The ledger keys under which an object of a gateway is booked, whatever it is."""
    ends = ("succeeded", "paid", "refunded", "withdrawn", "reinstated")
    return [f"{gateway}:{ref}:{end}" for end in ends]


def key_of_line(gateway: str, line_id: str) -> str:
    """The ledger key of a line that nothing else explains."""
    return f"{gateway}:line:{line_id}"


def key_of_object_fee(gateway: str, ref: str) -> str:
    """The ledger key of what a gateway kept of one of its objects, whoever tells of it first."""
    return f"{gateway}:{ref}:fee"


def key_of_fee(gateway: str, line_id: str) -> str:
    """The ledger key of what a line says that was kept of it, over and above what was booked of its object."""
    return f"{gateway}:line:{line_id}:fee"
