"""Taking a ledger transaction back: not by removing it, but by one that undoes it and says so."""

from collections.abc import Mapping
from typing import Any

from domains.payments import rules
from domains.payments.actions.ledger import Line, post
from domains.payments.models import LedgerEntry, LedgerTransaction
from domains.payments.rules import adjustments
from kelmah.errors import NotFound
from kelmah.money import Money


def reverse(*, txn: int, reference: Mapping[str, Any]) -> int:
    """Post the opposite of every line of ``txn``; inside ``atomic("payments")``, and once whoever asks.

    For transactions whose accounts follow no row's state; the others are undone by their own actions. Returns the
    reversal's id, the same each time. Raises NotFound, HoldNotAdjustable, AlreadyReversed (by another transaction),
    InsufficientFunds (what was given is spent), LedgerRefused (an account is closed).
    """
    entries = list(LedgerEntry.objects.filter(txn_id=txn).select_related("account", "txn").order_by("seq"))
    if not entries:
        raise NotFound("There is no such transaction.")
    adjustments.check_reversible(entries[0].txn.kind, [entry.account.key for entry in entries])
    key = f"reversal:{txn}"
    taken_back = LedgerTransaction.objects.filter(reverses=txn).exclude(idem=key).values_list("idem", flat=True).first()
    if taken_back:
        raise rules.AlreadyReversed(f"{taken_back} took it back.")
    lines = [Line(entry.account.key, Money(-entry.amount, entry.currency)) for entry in entries]
    return post(key=key, kind="reversal", lines=lines, reference=reference, reverses=txn)


def undoing(*, txn: int, but: str) -> list[Line]:
    """The opposite of what a transaction did to all accounts ``but`` one: its caller knows where that goes now."""
    entries = LedgerEntry.objects.filter(txn_id=txn).exclude(account__key=but).select_related("account").order_by("seq")
    return [Line(entry.account.key, Money(-entry.amount, entry.currency)) for entry in entries]
