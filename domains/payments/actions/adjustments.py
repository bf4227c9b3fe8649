"""Corrections of the books by hand: one of staff asks with a reason, another approves, and the ledger posts it."""

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError

from domains.payments import queries
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.reversals import reverse
from domains.payments.models import Adjustment, LedgerAccount, LedgerEntry, LedgerTransaction
from domains.payments.rules import adjustments as rules
from domains.payments.rules.chart import is_opened_by_hand
from domains.payments.rules.errors import AlreadyReversed
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import Forbidden, InvalidInput, NotFound
from kelmah.money import Money


def ask(*, lines: Sequence[tuple[str, Money]], by_id: UUID, reason: str) -> Adjustment:
    """Ask that these lines be posted. Raises ReasonMissing, InvalidInput, HoldNotAdjustable, NotYoursToJudge."""
    reason = rules.check_reason(reason)
    rules.check_lines(lines)
    rules.check_not_theirs(by_id, [account for account, _ in lines])
    _check_accounts(lines)
    kept = [{"account": account, "amount": amount.minor, "currency": amount.currency} for account, amount in lines]
    with atomic("payments"):
        return Adjustment.objects.create(lines=kept, reason=reason, asked_by=by_id, asked_at=clock.now())


def ask_reversal(*, txn: int, by_id: UUID, reason: str) -> Adjustment:
    """Ask that a transaction be taken back.

    Raises ReasonMissing, NotFound, HoldNotAdjustable, AlreadyReversed, NotYoursToJudge.
    """
    reason = rules.check_reason(reason)
    entries = LedgerEntry.objects.filter(txn_id=txn).values_list("txn__kind", "account__key")
    if not entries:
        raise NotFound("There is no such transaction.")
    kind, accounts = entries[0][0], [account for _, account in entries]
    rules.check_not_theirs(by_id, accounts)
    rules.check_reversible(kind, accounts)
    _check_not_reversed(txn)
    try:
        with atomic("payments"):
            return Adjustment.objects.create(reverses_id=txn, reason=reason, asked_by=by_id, asked_at=clock.now())
    except IntegrityError as error:
        if queries.broken_constraint(error) != "adjustment_one_reversal_open":
            raise
        raise AlreadyReversed("Somebody has asked for it, and nobody has decided yet.") from None


def approve(*, adjustment_id: UUID, by_id: UUID, note: str = "") -> Adjustment:
    """Post it: of two who approve at once, one does.

    Raises NotFound, OwnAdjustment, NotYoursToJudge, InvalidTransition, InsufficientFunds, AlreadyReversed,
    LedgerRefused; it then stays open.
    """
    with atomic("payments"):
        adjustment = _decidable(adjustment_id, by_id=by_id)
        rules.check_not_theirs(by_id, _accounts_of(adjustment))
        adjustment.state = rules.ADJUSTMENT.check("approve", adjustment.state)
        reference = {"adjustment_id": str(adjustment.id)}
        if adjustment.reverses_id is not None:
            _check_not_reversed(adjustment.reverses_id)  # another may have been approved while this one was asked for
            adjustment.txn_id = reverse(txn=adjustment.reverses_id, reference=reference)
        else:
            lines = [Line(line["account"], Money(line["amount"], line["currency"])) for line in adjustment.lines]
            key = f"adjustment:{adjustment.id}"
            adjustment.txn_id = post(key=key, kind="adjustment", lines=lines, reference=reference)
        _close(adjustment, by_id=by_id, note=note)
    return adjustment


def decline(*, adjustment_id: UUID, by_id: UUID, note: str) -> Adjustment:
    """Refuse it, and say why. Raises ReasonMissing, NotFound, OwnAdjustment, InvalidTransition."""
    note = rules.check_reason(note)
    with atomic("payments"):
        adjustment = _decidable(adjustment_id, by_id=by_id)
        adjustment.state = rules.ADJUSTMENT.check("decline", adjustment.state)
        _close(adjustment, by_id=by_id, note=note)
    return adjustment


def take_back(*, adjustment_id: UUID, by_id: UUID) -> Adjustment:
    """Whoever asked thinks better of it. Raises NotFound, Forbidden, InvalidTransition."""
    with atomic("payments"):
        adjustment = _lock(adjustment_id)
        if adjustment.asked_by != by_id:
            raise Forbidden("Only whoever asked takes it back.")
        adjustment.state = rules.ADJUSTMENT.check("take_back", adjustment.state)
        _close(adjustment, by_id=by_id, note="")
    return adjustment


# Private functions


def _accounts_of(adjustment: Adjustment) -> list[str]:
    if adjustment.reverses_id is None:
        return [line["account"] for line in adjustment.lines]
    return list(LedgerEntry.objects.filter(txn_id=adjustment.reverses_id).values_list("account__key", flat=True))


def _check_not_reversed(txn: int) -> None:
    if LedgerTransaction.objects.filter(reverses=txn).exists():
        raise AlreadyReversed()


def _check_accounts(lines: Sequence[tuple[str, Money]]) -> None:
    names = [account for account, _ in lines]
    known = dict(LedgerAccount.objects.filter(key__in=names).values_list("key", "currency"))
    for account, amount in lines:
        if account not in known and not is_opened_by_hand(account, amount.currency):
            raise InvalidInput(f"No account is called {account}.")
        if known.get(account, amount.currency) != amount.currency:
            raise InvalidInput(f"{account} is in {known[account]}.")


def _lock(adjustment_id: UUID) -> Adjustment:
    adjustment = Adjustment.objects.select_for_update().filter(id=adjustment_id).first()
    if adjustment is None:
        raise NotFound()
    return adjustment


def _decidable(adjustment_id: UUID, *, by_id: UUID) -> Adjustment:
    adjustment = _lock(adjustment_id)  # of two decisions at once the second finds it decided
    rules.check_decider(decider=by_id, asked_by=adjustment.asked_by)
    return adjustment


def _close(adjustment: Adjustment, *, by_id: UUID, note: str) -> None:
    adjustment.decided_by, adjustment.decided_at, adjustment.note = by_id, clock.now(), note.strip()
    adjustment.save_change("state", "decided_by", "decided_at", "note", "txn")
