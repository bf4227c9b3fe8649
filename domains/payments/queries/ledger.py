"""What the books say."""

from django.db import DatabaseError
from django.db.models import Sum

from domains.payments import rules
from domains.payments.models import (
    BooksCheck,
    Deposit,
    Difference,
    GatewayCommand,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
)
from kelmah.money import Money


def balance_of(key: str, currency: str) -> Money:
    """The balance of a ledger account; zero when it was never used."""
    account = LedgerAccount.objects.filter(key=key).first()
    return Money(account.balance if account else 0, currency)


def is_posted(key: str) -> bool:
    return LedgerTransaction.objects.filter(idem=key).exists()


def transaction_of(key: str) -> int:
    """The transaction of a business key. Raises LedgerTransaction.DoesNotExist."""
    return LedgerTransaction.objects.values_list("id", flat=True).get(idem=key)


def amount_posted(key: str, account: str, currency: str) -> Money:
    """What a transaction under this key put on an account; zero without one."""
    entries = LedgerEntry.objects.filter(txn__idem=key, account__key=account)
    return Money(entries.aggregate(total=Sum("amount"))["total"] or 0, currency)


def fee_booked(key: str, currency: str) -> Money:
    """What a transaction under this key booked as kept by a gateway, in one currency; zero without one."""
    entries = LedgerEntry.objects.filter(txn__idem=key, account__key=rules.gateway_fee(currency))
    return -Money(entries.values_list("amount", flat=True).first() or 0, currency)


def suspended_of(deposit: Deposit) -> Money | None:
    """What came for the deposit and went to suspense; None when nothing did."""
    command = GatewayCommand.objects.get(kind="charge", subject_id=deposit.id)
    key = rules.charged(command.gateway, command.gateway_ref)
    entry = LedgerEntry.objects.filter(txn__idem=key, account__key__startswith="suspense:").first()
    return Money(entry.amount, entry.currency) if entry else None


def books_newest() -> BooksCheck | None:
    """The newest look at the books."""
    return BooksCheck.objects.order_by("-at", "-id").first()


def books_paged() -> BooksCheck | None:
    """The newest look of which somebody was told."""
    return BooksCheck.objects.filter(paged=True).order_by("-at", "-id").first()


def payouts_are_frozen() -> bool:
    """Whether the newest look found the books out of balance, or a statement contradicts them."""
    newest = books_newest()
    return bool(newest and newest.broken) or Difference.objects.filter(closed_at=None, red=True).exists()


def broken_constraint(error: DatabaseError) -> str:
    """The name of the constraint that PostgreSQL says was broken."""
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or "")
