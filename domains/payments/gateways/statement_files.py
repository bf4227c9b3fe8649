"""Statements as files: what a bank hands out instead of an API."""

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domains.payments.gateways.base import StatementLine
from domains.payments.rules.errors import StatementDoesNotAddUp
from kelmah.money import Money

LARGEST_FILE = 20_000_000  # bytes

_KEY = re.compile(
    r"(?<![0-9A-Za-z])([0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12})(?![0-9A-Za-z])"
)


@dataclass(frozen=True, kw_only=True)
class BankLine(StatementLine):
    """A line with the code that the bank gives for it: why a payment came back (``AC04``)."""

    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StatementFile:
    """A statement of one account: ``name`` is the bank's for it; balances where it tells them."""

    account: str
    currency: str
    name: str
    source: str
    first_day: date
    last_day: date
    opening: Money | None
    closing: Money | None
    lines: list[BankLine]


def add_up(statement: StatementFile) -> StatementFile:
    """The statement, if its lines lead from its opening balance to its closing one. Raises StatementDoesNotAddUp."""
    if statement.opening is None or statement.closing is None:
        return statement
    once = {line.line_id: line.amount.minor for line in statement.lines}
    total = Money(statement.opening.minor + sum(once.values()), statement.currency)
    if total != statement.closing:
        raise StatementDoesNotAddUp(
            f"{statement.name}: its lines lead to {total}, its closing balance is {statement.closing}."
        )
    return statement


def key_in(*texts: str) -> UUID | None:
    """The order that one of these texts names, by its end-to-end id or in words."""
    for text in texts:
        if found := _KEY.search(text):
            return UUID(found[1])
    return None
