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
SELECT 'deposits', count(*), min(created_at) FROM payments_deposit WHERE state = 'processing'
UNION ALL SELECT 'deposits in review', count(*), min(created_at) FROM payments_deposit WHERE state = 'in_review'
UNION ALL SELECT 'payouts', count(*), min(created_at) FROM payments_payout WHERE state = 'processing'
UNION ALL SELECT 'payouts in review', count(*), min(created_at) FROM payments_payout WHERE state = 'in_review'
UNION ALL SELECT 'refunds', count(*), min(created_at) FROM payments_refund WHERE state = 'processing'
UNION ALL SELECT 'refunds in review', count(*), min(created_at) FROM payments_refund WHERE state = 'in_review'
UNION ALL SELECT 'chargebacks', count(*), min(opened_at) FROM payments_chargeback
WHERE state IN ('inquiry', 'withdrawn')
UNION ALL SELECT 'unknown', count(*), min(created_at) FROM payments_gatewaycommand WHERE state = 'unknown'
UNION ALL SELECT 'batches', count(*), min(created_at) FROM payments_payoutbatch WHERE state = 'unknown'
UNION ALL SELECT 'webhooks', count(*), min(received_at) FROM payments_webhookevent
WHERE processed_at IS NULL AND dead_at IS NULL
UNION ALL SELECT 'dead webhooks', count(*), min(dead_at) FROM payments_webhookevent
WHERE processed_at IS NULL AND dead_at IS NOT NULL
UNION ALL SELECT 'red', count(*), min(found_at) FROM payments_difference WHERE closed_at IS NULL AND red
UNION ALL SELECT 'proposals', count(*), min(proposed_at) FROM payments_suspenseruling WHERE state = 'proposed'
UNION ALL SELECT 'methods', count(*), min(created_at) FROM payments_payoutmethod WHERE state = 'in_review'
UNION ALL SELECT 'corrections', count(*), min(asked_at) FROM payments_adjustment WHERE state = 'open'
"""
# By what is counted: what it is called, where the desk lists it, and what a colleague does about it.
_LISTED: Final = {
    "deposits": ("Deposits on their way", "deposit", "state=processing", "Nothing, for minutes; then ask the gateway."),
    "deposits in review": ("Deposits in review", "deposit", "state=in_review", "Credit what arrived, or nothing."),
    "payouts": ("Payouts on their way", "payout", "state=processing", "Nothing, for a day; then ask the gateway."),
    "payouts in review": ("Payouts in review", "payout", "state=in_review", "Compare there; take it as paid."),
    "refunds": ("Refunds on their way", "refund", "state=processing", "Nothing, for days; then ask the gateway."),
    "refunds in review": ("Refunds in review", "refund", "state=in_review", "Compare there; take it as done."),
    "chargebacks": (
        "Chargebacks that are undecided", "chargeback", "state__in=inquiry,withdrawn", "Send evidence there."),
    "unknown": (
        "Orders whose outcome is unknown", "gatewaycommand", "state=unknown",
        "Ask the gateway; older than a day: docs/runbooks/unknown-payment.md."),
    "batches": (
        "Payout batches whose outcome is unknown", "payoutbatch", "state=unknown",
        "Ask the gateway; older than a day: docs/runbooks/unknown-payment.md."),
    "webhooks": (
        "Webhooks not looked into yet", "webhookevent", "processed_at__isempty=1&dead_at__isempty=1",
        "Nothing, for minutes; then see whether the worker runs."),
    "dead webhooks": (
        "Webhooks that were given up", "webhookevent", "processed_at__isempty=1&dead_at__isempty=0",
        "Read the last error; process again."),
    "red": (
        "Red differences with statements", "difference", "closed_at__isempty=1&red__exact=1",
        "No payout leaves before they are settled."),
    "proposals": (
        "Proposals about suspended money", "suspenseruling", "state=proposed", "Somebody else carries them out."),
    "methods": (
        "Payout methods in another name", "payoutmethod", "state=in_review", "Accept or refuse, with a reason."),
    "corrections": (
        "Corrections that nobody decided on", "adjustment", "state=open", "Somebody else approves or declines."),
}  # fmt: skip
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


_LEFT, _WIDTH, _GROUND, _HEIGHT = 110, 530, 120, 108  # of the drawing area, see desk/finance.html


@dataclass(frozen=True)
class Waiting:
    """Things that wait: where the desk lists them, what is done about them, how many, and since when the oldest."""

    title: str
    page: str
    filter: str
    then: str
    count: int
    oldest: datetime | None


@dataclass(frozen=True)
class Bar:
    label: str
    value: int
    most: int
    told: str


@dataclass(frozen=True)
class Column:
    """A bar as it is drawn, in the units of the drawing; every so often one is ``named`` below it."""

    bar: Bar
    left: int
    top: int
    width: int
    height: int
    named: bool

    @property
    def middle(self) -> int:
        return self.left + self.width // 2


@dataclass(frozen=True)
class Chart:
    """``told``: all bars in one figure. ``top`` and ``bottom``: what the ends of the axis say."""

    title: str
    bars: list[Bar]
    top: str
    bottom: str
    told: str = ""

    @property
    def empty(self) -> bool:
        return not any(bar.value for bar in self.bars)

    @property
    def columns(self) -> list[Column]:
        wide, last = _WIDTH // len(self.bars), len(self.bars) - 1
        return [
            Column(
                bar=bar,
                left=_LEFT + number * wide + wide // 10,
                top=_GROUND - _tall(bar),
                width=wide - wide // 5,
                height=_tall(bar),
                named=len(self.bars) <= 6 or (last - number) % 7 == 0,
            )
            for number, bar in enumerate(self.bars)
        ]


def waiting() -> list[Waiting]:
    """What somebody or something has to come back to."""
    return [Waiting(*_LISTED[counted], count, oldest) for counted, count, oldest in _ask(_WAITING)]


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
            _money_chart(
                "Held by gateways and banks",
                currency,
                days,
                _backwards(held.get(currency, 0), [row[2] for row in rows]),
                flows=False,
            )
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


def _tall(bar: Bar) -> int:
    """At least to be seen, when there is anything."""
    return max(_HEIGHT * bar.value // bar.most, 1) if bar.value > 0 else 0


def _money_chart(title: str, currency: str, days: list[date], minor: list[int], *, flows: bool = True) -> Chart:
    """``flows``: what is drawn adds up; else the newest counts."""
    most = max(*minor, 1)
    bars = [Bar(f"{day}", value, most, str(Money(value, currency))) for day, value in zip(days, minor, strict=True)]
    told = f"{Money(sum(minor), currency)} in {len(days)} days" if flows else f"{Money(minor[-1], currency)} now"
    ends = {"top": str(Money(most, currency)), "bottom": str(Money(0, currency))}
    return Chart(f"{title} ({currency}), by day (UTC)", bars, **ends, told=told)


def _payout_ages(now: datetime, since: datetime) -> Chart:
    edges = [edge for _, edge in _AGES if edge]
    counts = dict(_ask(_PAYOUT_AGE, {"now": now, "since": since, "edges": edges}))
    most = max([*counts.values(), 1])
    numbers = [counts.get(place, 0) for place in range(len(_AGES))]
    bars = [Bar(label, count, most, _payouts(count)) for (label, _), count in zip(_AGES, numbers, strict=True)]
    title = f"Payouts of the last {DAYS} days: how long they took, or have taken so far"
    return Chart(title, bars, top=_payouts(most), bottom="0", told=_payouts(sum(numbers)))


def _payouts(count: int) -> str:
    return f"{count} payout{'' if count == 1 else 's'}"
