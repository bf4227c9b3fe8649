"""What a posting, a proposal and an offer may say about place and money."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kelmah.errors import FieldError, InvalidInput
from kelmah.money import Money

KINDS: Final = ("fixed", "hourly")
MODES: Final = ("onsite", "remote", "hybrid")
VISIBILITIES: Final = ("public", "private", "invite_only")
BAND: Final = (80, 120)  # per cent of the budget, where the hirer set the rule


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the work is; degrees of WGS 84."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class Posting:
    """What a hirer says about a job; ``skills`` are ids of the taxonomy."""

    title: str
    description: str
    category: str
    skills: tuple[str, ...]
    kind: str
    mode: str
    budget: Money
    enforce_budget_band: bool
    visibility: str
    place: Place | None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One milestone of an offer."""

    title: str
    description: str
    amount: Money
    due_in_days: int | None


def refused_field(pointer: str, code: str, detail: str) -> InvalidInput:
    """The refusal of one field, for decisions that the shape of the input alone can't make."""
    return InvalidInput(errors=[FieldError(pointer=pointer, code=code, detail=detail)])


def check_place(*, mode: str, place: Place | None) -> None:
    """Work that is not remote has a place. Raises InvalidInput."""
    if mode != "remote" and place is None:
        raise refused_field("/place", "required", f"Work that is {mode} needs a place.")


def check_currency_kept(*, state: str, before: str, after: str) -> None:
    """People have seen the budget of a published job and priced their work in its currency. Raises InvalidInput."""
    if state != "draft" and before != after:
        raise refused_field("/budget/currency", "immutable", f"A published job keeps its currency, {before}.")


def band_of(budget: Money) -> tuple[Money, Money]:
    """The smallest and the largest amount a proposal may name where the hirer set the rule: 80 and 120 %, rounded
    inwards so that no proposal outside of the true band gets in."""
    low, high = BAND
    return Money(-(-budget.minor * low // 100), budget.currency), Money(budget.minor * high // 100, budget.currency)


def check_amount(amount: Money, *, budget: Money, banded: bool) -> None:
    """An amount is in the budget's currency and, where ``banded``, within the band. Raises InvalidInput."""
    if amount.currency != budget.currency:
        raise refused_field("/amount/currency", "wrong_currency", f"This job is priced in {budget.currency}.")
    if not banded:
        return
    low, high = band_of(budget)
    if not low <= amount <= high:
        raise refused_field("/amount", "outside_band", f"The hirer takes proposals from {low} to {high}.")


def check_steps(*, kind: str, amount: Money, steps: Sequence[Step]) -> None:
    """The milestones of a fixed price are in its currency and sum to it exactly; work by the hour has none.

    Raises InvalidInput.
    """
    if kind == "hourly":
        if steps:
            raise refused_field("/milestones", "not_allowed", "Work by the hour has no milestones.")
        return
    if not steps:
        raise refused_field("/milestones", "required", "A fixed price needs at least one milestone.")
    for number, step in enumerate(steps):
        if step.amount.currency != amount.currency:
            pointer = f"/milestones/{number}/amount/currency"
            raise refused_field(pointer, "wrong_currency", f"The offer is in {amount.currency}.")
    total = Money(sum(step.amount.minor for step in steps), amount.currency)
    if total != amount:
        raise refused_field("/milestones", "sum_mismatch", f"The milestones sum to {total}, the offer says {amount}.")
