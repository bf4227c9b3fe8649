"""What happened in a wallet between two days: for statements that people keep."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db import connections

from domains.payments import rules
from kelmah.money import Money

# One statement, so that the opening balance and the lines are seen at one moment. Time is each transaction's own.
_PERIOD = """
WITH wallet AS (SELECT id FROM payments_ledgeraccount WHERE key = %(key)s),
opening AS (
    SELECT coalesce(sum(e.amount), 0)::bigint AS balance
    FROM payments_ledgerentry e JOIN payments_ledgertransaction t ON t.id = e.txn_id
    WHERE e.account_id = (SELECT id FROM wallet) AND t.event_at < %(since)s
),
lines AS (
    SELECT t.id || '.' || e.seq AS id, t.event_at, t.kind, e.amount, e.account_version,
           coalesce((SELECT s.title FROM payments_escrow s
                     WHERE s.milestone_id = (t.reference ->> 'milestone_id')::uuid), '') AS title
    FROM payments_ledgerentry e JOIN payments_ledgertransaction t ON t.id = e.txn_id
    WHERE e.account_id = (SELECT id FROM wallet) AND t.event_at >= %(since)s AND t.event_at < %(until)s
    ORDER BY t.event_at, e.account_version LIMIT %(limit)s
)
SELECT opening.balance, lines.id, lines.event_at, lines.kind, lines.amount, lines.title
FROM opening LEFT JOIN lines ON true ORDER BY lines.event_at, lines.account_version
"""


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One change of a wallet; ``balance`` is what it left. ``title``: of the work it was about."""

    id: str
    at: datetime
    kind: str
    title: str
    amount: Money
    balance: Money


@dataclass(frozen=True, kw_only=True)
class PeriodStatement:
    """A wallet from the first day to the last, both included, in UTC."""

    first: date
    last: date
    opening: Money
    closing: Money
    movements: list[Movement]

    @property
    def came_in(self) -> Money:
        return self._sum(sign=1)

    @property
    def went_out(self) -> Money:
        return self._sum(sign=-1)

    def _sum(self, *, sign: int) -> Money:
        amounts = (movement.amount.minor for movement in self.movements)
        return Money(sum(amount for amount in amounts if amount * sign > 0), self.opening.currency)


def period_statement(*, user_id: UUID, currency: str, first: date, last: date, most: int) -> PeriodStatement:
    """Opening balance, movements in order of time, closing balance. Raises StatementTooLong for more than ``most``."""
    with connections["payments"].cursor() as cursor:
        since, until = _midnight(first), _midnight(last + timedelta(days=1))
        key = rules.available(user_id, currency)
        cursor.execute(_PERIOD, {"key": key, "since": since, "until": until, "limit": most + 1})
        rows = cursor.fetchall()
    opening = balance = Money(rows[0][0], currency)
    movements = []
    for _, line, at, kind, amount, title in rows:
        if line is not None:
            balance += Money(amount, currency)
            movements.append(
                Movement(id=line, at=at, kind=kind, title=title, amount=Money(amount, currency), balance=balance)
            )
    if len(movements) > most:
        raise rules.StatementTooLong(data={"most": most})
    return PeriodStatement(first=first, last=last, opening=opening, closing=balance, movements=movements)


# Private functions


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
