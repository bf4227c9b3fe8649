"""What the finance desk shows first: what waits, what is unknown, what is red; and money day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connections

from kelmah.money import Money

DAYS: Final = 30

# One statement, one moment. Every line counts by an index of what is undecided, so the page stays quick.
_WAITING = """
SELECT 'Deposits on their way', 'deposit', 'state=processing', count(*), min(created_at)
FROM payments_deposit WHERE state = 'processing'
UNION ALL SELECT 'Deposits in review', 'deposit', 'state=in_review', count(*), min(created_at)
FROM payments_deposit WHERE state = 'in_review'
UNION ALL SELECT 'Payouts on their way', 'payout', 'state=processing', count(*), min(created_at)
FROM payments_payout WHERE state = 'processing'
UNION ALL SELECT 'Payouts in review', 'payout', 'state=in_review', count(*), min(created_at)
FROM payments_payout WHERE state = 'in_review'
UNION ALL SELECT 'Orders whose outcome is unknown', 'gatewaycommand', 'state=unknown', count(*), min(created_at)
FROM payments_gatewaycommand WHERE state = 'unknown'
UNION ALL SELECT 'Webhooks not looked into yet', 'webhookevent', 'processed_at__isempty=1&dead_at__isempty=1',
count(*), min(received_at) FROM payments_webhookevent WHERE processed_at IS NULL AND dead_at IS NULL
UNION ALL SELECT 'Webhooks that were given up', 'webhookevent', 'processed_at__isempty=1&dead_at__isempty=0',
count(*), min(dead_at) FROM payments_webhookevent WHERE processed_at IS NULL AND dead_at IS NOT NULL
UNION ALL SELECT 'Corrections that nobody decided on', 'adjustment', 'state=open', count(*), min(asked_at)
FROM payments_adjustment WHERE state = 'open'
"""
_SUSPENSE = """
SELECT currency, sum(balance)::bigint FROM payments_ledgeraccount WHERE key LIKE 'suspense:%'
GROUP BY currency HAVING sum(balance) <> 0 ORDER BY currency
"""
# In the books what gateways hold is negative; fees and what reached wallets through them is positive.
_BY_DAY = """
SELECT e.currency, (t.event_at AT TIME ZONE 'UTC')::date AS day,
       sum(e.amount) FILTER (WHERE t.kind = 'deposit' AND a.key LIKE 'user:%%')::bigint AS volume,
       sum(e.amount) FILTER (WHERE a.key LIKE 'platform:fee:%%')::bigint AS fees,
       -sum(e.amount) FILTER (WHERE a.key LIKE 'gw:%%' OR a.key LIKE 'bank:%%')::bigint AS float
FROM payments_ledgertransaction t JOIN payments_ledgerentry e ON e.txn_id = t.id
JOIN payments_ledgeraccount a ON a.id = e.account_id
WHERE t.event_at >= %s GROUP BY 1, 2 ORDER BY 1, 2
"""
_FLOAT_NOW = """
SELECT currency, -sum(balance)::bigint FROM payments_ledgeraccount
WHERE key LIKE 'gw:%' OR key LIKE 'bank:%' GROUP BY currency
"""
# Whether it is still on its way or arrived: a payout that hangs must not vanish from its own chart.
_PAYOUT_AGE = """
SELECT width_bucket(extract(epoch FROM coalesce(settled_at, %(now)s) - created_at), %(edges)s), count(*)
FROM payments_payout WHERE created_at >= %(since)s GROUP BY 1
"""
_AGES: Final = (
    ("under a minute", 60),
    ("under an hour", 3600),
    ("under a day", 86_400),
    ("under three days", 259_200),
    ("three days or more", None),
)


@dataclass(frozen=True)
class Waiting:
    """Things that wait: how many, since when the oldest, and where the desk lists them."""

    title: str
    page: str
    filter: str
    count: int
    oldest: datetime | None


@dataclass(frozen=True)
class Bar:
    label: str
    value: int
    most: int
    told: str


@dataclass(frozen=True)
class Chart:
    title: str
    bars: list[Bar]


def waiting() -> list[Waiting]:
    """What somebody or something has to come back to."""
    return [Waiting(*row) for row in _ask(_WAITING)]


def unexplained() -> list[Money]:
    """What stands in suspense, by currency."""
    return [Money(minor, currency) for currency, minor in _ask(_SUSPENSE)]


def charts(*, now: datetime) -> list[Chart]:
    """The last thirty days: paid in, earned, held by gateways, and how long payouts took."""
    first = (now - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [first.date() + timedelta(days=number) for number in range(DAYS)]
    found: dict[str, dict[date, tuple[int, int, int]]] = {}
    for currency, day, *sums in _ask(_BY_DAY, [first]):
        volume, fees, change = (minor or 0 for minor in sums)
        found.setdefault(currency, {})[day] = (volume, fees, change)
    held = dict(_ask(_FLOAT_NOW))
    drawn = []
    for currency, by_day in sorted(found.items()):
        rows = [by_day.get(day, (0, 0, 0)) for day in days]
        drawn.append(_money_chart("Paid in", currency, days, [row[0] for row in rows]))
        drawn.append(_money_chart("Fees earned", currency, days, [row[1] for row in rows]))
        drawn.append(
            _money_chart("Held by gateways and banks", currency, days, _backwards(held[currency], [r[2] for r in rows]))
        )
    return [*drawn, _payout_ages(now, first)]


# Private functions


def _ask(statement: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connections["payments"].cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _backwards(now: int, changes: list[int]) -> list[int]:
    """The balance at the end of each day, from the newest one and what each day changed."""
    ends = []
    for change in reversed(changes):
        ends.append(now)
        now -= change
    return ends[::-1]


def _money_chart(title: str, currency: str, days: list[date], minor: list[int]) -> Chart:
    most = max(*minor, 1)
    bars = [Bar(f"{day}", value, most, str(Money(value, currency))) for day, value in zip(days, minor, strict=True)]
    return Chart(f"{title} ({currency}), by day", bars)


def _payout_ages(now: datetime, since: datetime) -> Chart:
    edges = [edge for _, edge in _AGES if edge]
    counts = dict(_ask(_PAYOUT_AGE, {"now": now, "since": since, "edges": edges}))
    most = max([*counts.values(), 1])
    numbers = [counts.get(place, 0) for place in range(len(_AGES))]
    bars = [Bar(label, count, most, str(count)) for (label, _), count in zip(_AGES, numbers, strict=True)]
    return Chart("Payouts of the last 30 days: how long they took, or have taken so far", bars)
