"""What the books said at any moment: balances, account statements, and the trial balance.

A moment is business time, as each transaction carries it: every transaction is wholly before a moment or wholly not,
so each currency sums to zero at each of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connections

from domains.payments.rules.chart import AccountKind, kind_of
from kelmah.money import Money

# Of now the balances themselves, of another time the sum of what had happened: two ways to the same truth.
_NOW = "SELECT key, currency, balance FROM payments_ledgeraccount WHERE version > 0 ORDER BY key"
_THEN = """
SELECT a.key, a.currency, sum(e.amount)::bigint FROM payments_ledgertransaction t
JOIN payments_ledgerentry e ON e.txn_id = t.id JOIN payments_ledgeraccount a ON a.id = e.account_id
WHERE t.event_at < %s GROUP BY a.id ORDER BY a.key
"""
_OPENING = """
SELECT a.currency, coalesce((
    SELECT sum(e.amount) FROM payments_ledgerentry e JOIN payments_ledgertransaction t ON t.id = e.txn_id
    WHERE e.account_id = a.id AND t.event_at < %s), 0)::bigint
FROM payments_ledgeraccount a WHERE a.key = %s
"""
_LINES = """
SELECT t.id, t.event_at, t.idem, t.kind, e.amount FROM payments_ledgerentry e
JOIN payments_ledgertransaction t ON t.id = e.txn_id
WHERE e.account_id = (SELECT id FROM payments_ledgeraccount WHERE key = %s) AND t.event_at >= %s AND t.event_at < %s
ORDER BY t.event_at, e.account_version
"""


@dataclass(frozen=True, kw_only=True)
class AccountBalance:
    """An account and what is on it. ``debit`` or ``credit``, the other is zero: what we have is debit."""

    account: str
    balance: Money

    @property
    def kind(self) -> AccountKind:
        return kind_of(self.account)

    @property
    def debit(self) -> Money:
        return Money(max(-self.balance.minor, 0), self.balance.currency)

    @property
    def credit(self) -> Money:
        return Money(max(self.balance.minor, 0), self.balance.currency)


@dataclass(frozen=True, kw_only=True)
class StatementLine:
    """One entry, and the balance it left."""

    txn: int
    at: datetime
    key: str
    kind: str
    amount: Money
    balance: Money


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What happened on an account from one moment until before another."""

    account: str
    since: datetime
    until: datetime
    opening: Money
    lines: list[StatementLine]

    @property
    def closing(self) -> Money:
        return self.lines[-1].balance if self.lines else self.opening


def trial_balance(*, at: datetime | None = None) -> list[AccountBalance]:
    """Every account that was ever used before ``at`` (or until now), by name. In each currency debit equals credit."""
    with connections["payments"].cursor() as cursor:
        cursor.execute(*((_THEN, [at]) if at else (_NOW, [])))
        return [
            AccountBalance(account=account, balance=Money(minor, currency))
            for account, currency, minor in cursor.fetchall()
        ]


def account_statement(*, account: str, since: datetime, until: datetime) -> Statement | None:
    """The account's entries in order of time, with a running balance; None when there is no such account."""
    with connections["payments"].cursor() as cursor:
        cursor.execute(_OPENING, [since, account])
        if (row := cursor.fetchone()) is None:
            return None
        opening = Money(row[1], row[0])
        cursor.execute(_LINES, [account, since, until])
        lines = list(_running(opening, cursor.fetchall()))
    return Statement(account=account, since=since, until=until, opening=opening, lines=lines)


# Private functions


def _running(balance: Money, rows: list[tuple[Any, ...]]) -> Iterator[StatementLine]:
    for txn, at, key, kind, minor in rows:
        amount = Money(minor, balance.currency)
        balance += amount
        yield StatementLine(txn=txn, at=at, key=key, kind=kind, amount=amount, balance=balance)
