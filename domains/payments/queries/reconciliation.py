"""What statements and books say of each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connections

from domains.payments.models import Statement, StatementEntry
from domains.payments.rules.statements import Leg
from kelmah.money import Money

_LEGS = """
SELECT t.id, -e.amount, t.event_at, s.id IS NOT NULL
FROM payments_ledgertransaction t
JOIN payments_ledgerentry e ON e.txn_id = t.id
JOIN payments_ledgeraccount a ON a.id = e.account_id AND a.key = %s
LEFT JOIN payments_statemententry s ON s.transaction_id = t.id AND s.currency = a.currency AND s.id <> %s
WHERE t.idem = ANY(%s) ORDER BY t.id
"""

# What a gateway kept shows in the line that it kept it of; what corrects the books has no line of its own.
_WITHOUT_LINE = """
SELECT t.id, -e.amount, t.event_at
FROM payments_ledgeraccount a
JOIN payments_ledgerentry e ON e.account_id = a.id
JOIN payments_ledgertransaction t ON t.id = e.txn_id
WHERE a.key = %s AND t.event_at >= %s AND t.event_at < %s
AND t.kind NOT IN ('gateway_fee', 'statement_difference', 'adjustment', 'reversal')
AND NOT EXISTS (SELECT 1 FROM payments_ledgertransaction r WHERE r.reverses = t.id AND r.kind = 'reversal')
AND NOT EXISTS (SELECT 1 FROM payments_statemententry s WHERE s.transaction_id = t.id AND s.currency = a.currency)
AND NOT EXISTS (
    SELECT 1 FROM payments_difference d WHERE d.transaction_id = t.id AND d.currency = a.currency
    AND d.kind = 'missing_there' AND d.outcome <> 'resolved'
)
ORDER BY t.id LIMIT %s
"""

_REPORT = """
SELECT s.gateway, s.currency, -coalesce(a.balance, 0), min(s.first_day), max(s.last_day),
       (SELECT closing_minor FROM payments_statement n WHERE (n.gateway, n.currency) = (s.gateway, s.currency)
        ORDER BY last_day DESC, imported_at DESC LIMIT 1),
       (SELECT coalesce(json_object_agg(verdict, n), '{}') FROM (
            SELECT verdict, count(*) AS n FROM payments_statemententry e
            WHERE (e.gateway, e.currency) = (s.gateway, s.currency) GROUP BY 1) v),
       (SELECT coalesce(json_object_agg(kind, n), '{}') FROM (
            SELECT kind, count(*) AS n FROM payments_difference d
            WHERE (d.gateway, d.currency) = (s.gateway, s.currency) AND d.closed_at IS NULL GROUP BY 1) o)
FROM payments_statement s
LEFT JOIN payments_ledgeraccount a ON a.key = 'gw:' || s.gateway || ':' || s.currency
GROUP BY s.gateway, s.currency, a.balance ORDER BY s.gateway, s.currency
"""


@dataclass(frozen=True, kw_only=True)
class Account:
    """One currency of one gateway in the report. ``stated`` is the newest closing balance that a statement told.

    ``verdicts`` counts the lines by what they came to, ``differences`` the open ones by kind.
    """

    gateway: str
    currency: str
    booked: Money
    stated: Money | None
    first_day: date
    last_day: date
    verdicts: dict[str, int]
    differences: dict[str, int]

    @property
    def apart(self) -> Money | None:
        """How much more the statement says than the books: what is on its way, or was there before the books began."""
        return None if self.stated is None else self.stated - self.booked


def report() -> list[Account]:
    """Every account of which there are statements."""
    with connections["payments"].cursor() as cursor:
        cursor.execute(_REPORT)
        rows = cursor.fetchall()
    return [
        Account(
            gateway=gateway,
            currency=currency,
            booked=Money(booked, currency),
            stated=None if closing is None else Money(closing, currency),
            first_day=first,
            last_day=last,
            verdicts=verdicts,
            differences=differences,
        )
        for gateway, currency, booked, first, last, closing, verdicts, differences in rows
    ]


def lock_entry(entry_id: int) -> StatementEntry:
    """The line's row, locked until the transaction ends. Raises StatementEntry.DoesNotExist."""
    return StatementEntry.objects.select_for_update().get(id=entry_id)


def legs_under(keys: Sequence[str], *, mirror: str, for_entry: int) -> list[Leg]:
    """The legs on a gateway's mirror that are booked under these keys; taken by any line but this one."""
    with connections["payments"].cursor() as cursor:
        cursor.execute(_LEGS, [mirror, for_entry, list(keys)])
        currency = mirror.rpartition(":")[2]
        return [
            Leg(transaction_id=txn, amount=Money(minor, currency), at=at, taken=taken)
            for txn, minor, at, taken in cursor.fetchall()
        ]


def legs_without_line(*, mirror: str, since: datetime, until: datetime, limit: int = 1000) -> list[Leg]:
    """The legs booked in this time of which no statement tells, and nobody has been told so."""
    with connections["payments"].cursor() as cursor:
        cursor.execute(_WITHOUT_LINE, [mirror, since, until, limit])
        currency = mirror.rpartition(":")[2]
        return [
            Leg(transaction_id=txn, amount=Money(minor, currency), at=at, taken=False)
            for txn, minor, at in cursor.fetchall()
        ]


def covered(gateway: str) -> dict[str, tuple[date, date]]:
    """The first and last day of which there are statements, by currency."""
    found: dict[str, tuple[date, date]] = {}
    for currency, first, last in Statement.objects.filter(gateway=gateway).values_list(
        "currency", "first_day", "last_day"
    ):
        known = found.get(currency, (first, last))
        found[currency] = (min(known[0], first), max(known[1], last))
    return found


def lines_of_order(gateway: str, key: UUID) -> list[StatementEntry]:
    """What statements tell of one order, oldest first."""
    lines = StatementEntry.objects.filter(gateway=gateway, key=key)
    return list(lines.order_by("occurred_at", "id"))
