"""Corrections by hand: always a ledger transaction, asked for by one of staff with a reason and approved by another."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from domains.payments.rules.accounts import wallet
from domains.payments.rules.chart import is_adjustable
from domains.payments.rules.errors import HoldNotAdjustable, NotYoursToJudge, ReasonMissing
from kelmah.errors import FieldError, Forbidden, InvalidInput
from kelmah.money import Money, UnknownCurrency
from kelmah.transitions import StateTable, Transition

MOST_LINES: Final = 64  # of one ledger transaction
LARGEST_LINE: Final = 10**15  # minor units: a slip of the hand, not of the ledger

# A row says that these happened, and what may follow: a deposit taken back by hand could still be refunded.
_FOLLOWED_BY_A_ROW: Final = frozenset(
    {
        "deposit",
        "suspense",
        "address_credit",
        "refund_complete",
        "refund_returned",
        "payout_returned",
        "chargeback",
        "chargeback_won",
        "hold_refund",
    }
)

ADJUSTMENT: Final = StateTable(
    "adjustment",
    [
        Transition("approve", "open", "posted", "staff", guard="somebody else than who asked"),
        Transition("decline", "open", "declined", "staff", guard="somebody else than who asked"),
        Transition("take_back", "open", "taken_back", "asker"),
    ],
    initial="open",
    final=("posted", "declined", "taken_back"),
)


class OwnAdjustment(Forbidden):
    code, title = "own_adjustment", "Somebody else decides on what you asked for"


def parse_lines(text: str) -> list[tuple[str, Money]]:
    """Lines like ``suspense:sandbox:GHS -12.50 GHS``: account, signed amount, currency. Raises InvalidInput."""
    return [_parsed(line, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def check_lines(lines: Sequence[tuple[str, Money]]) -> None:
    """They make a transaction that staff may post. Raises InvalidInput, HoldNotAdjustable."""
    if not 2 <= len(lines) <= MOST_LINES:
        raise _invalid(f"An adjustment has 2 to {MOST_LINES} lines.")
    sums: Counter[str] = Counter()
    for account, amount in lines:
        if not is_adjustable(account):
            raise HoldNotAdjustable(f"{account} follows what it was held for.")
        if not 0 < abs(amount.minor) <= LARGEST_LINE:
            raise _invalid(f"{account}: nothing, or more than anybody moves by hand.")
        sums[amount.currency] += amount.minor
    for currency, left in sums.items():
        if left:
            raise _invalid(f"The lines don't balance: {Money(left, currency)} too much.")


def check_reversible(kind: str, accounts: Sequence[str]) -> None:
    """That staff may take a transaction back by hand: no row follows it or its accounts. Raises HoldNotAdjustable."""
    if kind in _FOLLOWED_BY_A_ROW:
        raise HoldNotAdjustable(f"This is a {kind}: undo what it belongs to, or correct a wallet by an adjustment.")
    for account in accounts:
        if not is_adjustable(account):
            raise HoldNotAdjustable(f"{account} follows what it was held for.")


def check_reason(reason: str) -> str:
    """Without the blanks around it. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing()
    return reason.strip()


def check_decider(*, decider: UUID, asked_by: UUID) -> None:
    """Raises OwnAdjustment."""
    if decider == asked_by:
        raise OwnAdjustment()


def check_not_theirs(by: UUID, accounts: Sequence[str]) -> None:
    """That none of the accounts is a wallet, or kept for a purpose, of whoever wants it. Raises NotYoursToJudge."""
    if any(account.startswith((wallet(by), f"own:{wallet(by)}")) for account in accounts):
        raise NotYoursToJudge()


# Private functions


def _parsed(line: str, number: int) -> tuple[str, Money]:
    words = line.split()
    if len(words) != 3:
        raise _invalid(f"Line {number}: write account, amount and currency, as in: suspense:sandbox:GHS -12.50 GHS")
    account, written, currency = words
    try:
        unit = Money(0, currency).exponent
        minor = Decimal(written).scaleb(unit)
    except (InvalidOperation, UnknownCurrency):
        raise _invalid(f"Line {number}: {written} {currency} is no amount of money.") from None
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise _invalid(f"Line {number}: {currency} has {unit} digits after the point.")
    return account, Money(int(minor), currency)


def _invalid(detail: str) -> InvalidInput:
    return InvalidInput(detail, errors=[FieldError(pointer="/lines", code="invalid", detail=detail)])
