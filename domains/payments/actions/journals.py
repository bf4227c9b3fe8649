"""Postings between owners' accounts in the words of other domains: what was asked for is remembered with the key."""

import hashlib
import json
from collections.abc import Sequence

from domains.payments import rules
from domains.payments.actions import receivables
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.turns import take_turn
from domains.payments.models import LedgerTransaction
from domains.payments.queries import refunds
from domains.payments.rules import owners
from kelmah.db import atomic
from kelmah.interfaces.payments.types import MoneyLine
from kelmah.money import Money


def post_lines(*, key: str, source: str, purpose: str, lines: Sequence[MoneyLine]) -> None:
    """Post balanced lines between owners' accounts; the same twice is once.

    Raises AccountUnknown, LinesDoNotFit, InsufficientFunds, LedgerKeyReused.
    """
    _check_balanced(lines)
    with atomic("payments"):
        ledger_key, asked = f"own:{key}", hash_of(lines)
        take_turn(ledger_key)  # of two at once the second finds what the first was asked
        known = LedgerTransaction.objects.filter(idem=ledger_key).first()
        if known is not None:
            if known.reference.get("asked") != asked:
                raise rules.LedgerKeyReused()
            return
        reference = {"source": source, "purpose": purpose, "asked": asked}
        post(key=ledger_key, kind=f"own_{purpose}", lines=resolved(lines, key=ledger_key), reference=reference)


def resolved(lines: Sequence[MoneyLine], *, key: str) -> list[Line]:
    """The lines on ledger accounts. Of ``earnings``, debts are paid first; nobody is paid a debt that is not there.

    Raises AccountUnknown, LinesDoNotFit.
    """
    owed = _owed_after_receivables(lines)
    found = []
    for line in lines:
        amount, debtor = line.amount, (line.owner, line.amount.currency)
        if line.purpose == owners.EARNINGS and amount.minor > 0 and owed.get(debtor, 0) > 0:
            paid = Money(min(owed[debtor], amount.minor), amount.currency)
            owed[debtor] -= paid.minor
            found.append(Line(rules.receivable(owners.user_of(line.owner), amount.currency), paid))
            amount -= paid
        if amount.minor:
            found.append(Line(owners.account_of(line.owner, line.purpose, amount.currency, key=key), amount))
    return found


def hash_of(lines: Sequence[MoneyLine]) -> str:
    """What tells the same request from another under the same key."""
    said = sorted([line.owner, line.purpose, line.amount.currency, line.amount.minor] for line in lines)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


# Private functions


def _check_balanced(lines: Sequence[MoneyLine]) -> None:
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.amount.currency] = sums.get(line.amount.currency, 0) + line.amount.minor
    if not lines or any(sums.values()):
        raise owners.LinesDoNotFit()


def _owed_after_receivables(lines: Sequence[MoneyLine]) -> dict[tuple[str, str], int]:
    """What each debtor named in the lines owes, theirs counted in; the rows that guard it are locked, in one order."""
    owed: dict[tuple[str, str], int] = {}
    named = {
        (line.owner, line.amount.currency) for line in lines if line.purpose in (owners.EARNINGS, owners.RECEIVABLE)
    }
    for owner, currency in sorted(named):
        changes = [
            line.amount.minor
            for line in lines
            if (line.owner, line.purpose, line.amount.currency) == (owner, owners.RECEIVABLE, currency)
        ]
        # Two earnings of one debtor at once must not both pay the same debt.
        (receivables.guard if changes else refunds.lock_receivable)(owners.user_of(owner), currency)
        owed[owner, currency] = refunds.owed_by(owners.user_of(owner), currency).minor - sum(changes)
        if owed[owner, currency] < 0:
            raise owners.LinesDoNotFit()
    return owed
