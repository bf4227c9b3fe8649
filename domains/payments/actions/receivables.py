"""What people owe us: taken from whatever comes into their wallet, and from nobody else."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import connections

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.isolation import each_alone
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Receivable
from domains.payments.queries import refunds
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.ids import new_id
from kelmah.money import Money

log = structlog.get_logger(__name__)

_DUE = """
SELECT r.user_id, r.currency FROM payments_receivable r
JOIN payments_ledgeraccount debt ON debt.key = 'receivable:' || r.user_id || ':' || r.currency AND debt.balance < 0
JOIN payments_ledgeraccount wallet
    ON wallet.key = 'user:' || r.user_id || ':available:' || r.currency AND wallet.balance > 0
ORDER BY r.since LIMIT %s
"""


@dataclass(frozen=True)
class Charged:
    """An amount that a gateway had charged somebody."""

    user_id: UUID
    gateway: str
    amount: Money


def send_back(*, money: Charged, source: str, key: str, kind: str, reference: dict[str, str]) -> None:
    """The gateway has given an amount back to the payer: out of their wallet, or of what stood in suspense.

    Inside the transaction of what it is about.
    """
    to = rules.gateway(money.gateway, money.amount.currency)
    if source == "wallet":
        take_from(user_id=money.user_id, amount=money.amount, key=key, kind=kind, to=to, reference=reference)
    else:
        lines = [Line(_suspense(money), -money.amount), Line(to, money.amount)]
        post(key=key, kind=kind, lines=lines, reference=reference)


def bring_back(*, money: Charged, source: str, key: str, kind: str, reference: dict[str, str]) -> None:
    """What was given back is at the gateway again: the opposite of ``send_back``."""
    out_of = rules.gateway(money.gateway, money.amount.currency)
    if source == "wallet":
        give_to(user_id=money.user_id, amount=money.amount, key=key, kind=kind, out_of=out_of, reference=reference)
    else:
        lines = [Line(out_of, -money.amount), Line(_suspense(money), money.amount)]
        post(key=key, kind=kind, lines=lines, reference=reference)


def take_from(*, user_id: UUID, amount: Money, key: str, kind: str, to: str, reference: dict[str, str]) -> None:
    """Take an amount of somebody to an account: what their wallet has, and the rest as their debt.

    Inside the transaction of what it is about.
    """
    guard(user_id, amount.currency)
    wallet, debt = rules.available(user_id, amount.currency), rules.receivable(user_id, amount.currency)
    for _ in range(3):  # the wallet may be emptied between the look and the posting
        there = min(queries.balance_of(wallet, amount.currency), amount)
        lines = [Line(wallet, -there), Line(debt, there - amount), Line(to, amount)]
        try:
            post(key=key, kind=kind, lines=[line for line in lines if line.amount.minor], reference=reference)
            return
        except rules.InsufficientFunds:
            continue
    post(key=key, kind=kind, lines=[Line(debt, -amount), Line(to, amount)], reference=reference)


def give_to(*, user_id: UUID, amount: Money, key: str, kind: str, out_of: str, reference: dict[str, str]) -> None:
    """Give an amount to somebody: their debt first, the rest to their wallet. Inside the transaction of what it is
    about."""
    guard(user_id, amount.currency)
    debt = min(refunds.owed_by(user_id, amount.currency), amount)
    lines = [
        Line(out_of, -amount),
        Line(rules.receivable(user_id, amount.currency), debt),
        Line(rules.available(user_id, amount.currency), amount - debt),
    ]
    post(key=key, kind=kind, lines=[line for line in lines if line.amount.minor], reference=reference)


def collect(*, user_id: UUID, currency: str) -> Money:
    """Pay what somebody owes out of their wallet, as far as it goes; what was paid."""
    with atomic("payments"):
        if refunds.lock_receivable(user_id, currency) is None:  # two who collect must not both take it
            return Money(0, currency)
        wallet = rules.available(user_id, currency)
        paid = min(refunds.owed_by(user_id, currency), queries.balance_of(wallet, currency))
        if paid.minor:
            lines = [Line(wallet, -paid), Line(rules.receivable(user_id, currency), paid)]
            post(key=f"receivable:{new_id()}:paid", kind="debt_paid", lines=lines, reference={})
    return paid


def collect_all(*, limit: int = 100) -> int:
    """Everybody who owes and has something: how many were looked at."""
    with connections["payments"].cursor() as cursor:
        cursor.execute(_DUE, [limit])
        due = cursor.fetchall()

    def pay(debtor: tuple[UUID, str]) -> None:
        collect(user_id=debtor[0], currency=debtor[1])

    each_alone(due, pay, failed=lambda debtor, reason: log.error("debt_not_collected", reason=reason))
    return len(due)


def forgive(*, user_id: UUID, currency: str, ruling: Ruling) -> Money:
    """Staff gives up what somebody owes: the platform bears it; how much it was.

    Raises NotFound, ReasonMissing, NotYoursToJudge.
    """
    with atomic("payments"):
        receivable = refunds.lock_receivable(user_id, currency)
        owed = refunds.owed_by(user_id, currency)
        if receivable is None or not owed.minor:
            raise NotFound("They owe nothing.")
        keep_ruling(ruling, kind="receivable.forgive", subject_id=receivable.id, about=[user_id])
        lines = [Line(rules.receivable(user_id, currency), owed), Line(rules.loss(currency), -owed)]
        post(key=f"receivable:{new_id()}:forgiven", kind="debt_forgiven", lines=lines, reference={})
    return owed


def guard(user_id: UUID, currency: str) -> None:
    """Hold the row that whoever changes somebody's debt holds, until the transaction ends."""
    wanted = Receivable(id=new_id(), user_id=user_id, currency=currency, since=clock.now())
    Receivable.objects.bulk_create([wanted], ignore_conflicts=True)
    refunds.lock_receivable(user_id, currency)


# Private functions


def _suspense(money: Charged) -> str:
    return rules.suspense(money.gateway, money.amount.currency)
