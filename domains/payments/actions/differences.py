"""Where a statement and the books differ, until the other half comes or staff decide."""

from typing import Any
from uuid import UUID

import structlog

from domains.payments import rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Difference, StatementEntry
from domains.payments.rules import statements
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.money import Money

log = structlog.get_logger(__name__)


def open_difference(gateway: str, kind: str, subject: str, **what: Any) -> None:
    """Inside the transaction that found it. Found again, it is the same; what staff accepted stays closed."""
    red = kind in statements.RED
    difference, made = Difference.objects.get_or_create(
        gateway=gateway, kind=kind, subject=subject, defaults={**what, "red": red, "found_at": clock.now()}
    )
    if difference.outcome == "resolved":  # it had been well meanwhile
        difference.closed_at, difference.outcome = None, ""
        difference.save(update_fields=["closed_at", "outcome"])
        made = True
    if made:
        log.log(50 if red else 30, "statement_differs", gateway=gateway, kind=kind, subject=subject)


def close_difference(difference: Difference, outcome: str) -> None:
    """Inside the transaction that settles it: ``resolved`` or ``accepted``."""
    difference.closed_at, difference.outcome = clock.now(), outcome
    difference.save(update_fields=["closed_at", "outcome"])


def accept(*, difference_id: UUID, ruling: Ruling) -> None:
    """Staff take note: it freezes nothing any more. The books stay as they are.

    Raises ReasonMissing, NotFound.
    """
    with atomic("payments"):
        difference = _lock_difference(difference_id)
        keep_ruling(ruling, kind="difference.accept", subject_id=difference_id)
        close_difference(difference, "accepted")
        if difference.entry_id and difference.kind != "contradicts":
            StatementEntry.objects.filter(id=difference.entry_id).update(verdict="accepted")


def book(*, difference_id: UUID, ruling: Ruling) -> None:
    """Staff have the books follow the statement; what it was waits in suspense until two of them explain it.

    Raises ReasonMissing, NotFound.
    """
    with atomic("payments"):
        difference = _lock_difference(difference_id)
        keep_ruling(ruling, kind="difference.book", subject_id=difference_id)
        booked, stated = difference.booked_minor or 0, difference.stated_minor or 0
        amount = Money(stated - booked, difference.currency)
        about = difference.entry.line_id if difference.entry else difference.subject
        key = f"{difference.gateway}:difference:{difference.id}"
        suspend(difference.gateway, amount, key=key, about=about, kind="statement_difference")
        close_difference(difference, "accepted")
        if difference.entry_id:
            StatementEntry.objects.filter(id=difference.entry_id).update(verdict="accepted")


def suspend(gateway: str, amount: Money, *, key: str, about: str, kind: str = "suspense") -> int:
    """Book what a line says, with nobody to give it to or take it from. Inside the transaction that decides it."""
    lines = [
        Line(rules.gateway(gateway, amount.currency), -amount),
        Line(rules.suspense(gateway, amount.currency), amount),
    ]
    return post(key=key, kind=kind, lines=lines, reference={"line": about})


# Private functions


def _lock_difference(difference_id: UUID) -> Difference:
    found = Difference.objects.select_for_update(of=("self",)).filter(id=difference_id, closed_at=None).first()
    if found is None:
        raise NotFound("There is no such open difference.")
    return found
