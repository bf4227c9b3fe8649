"""The books. Made and guarded in SQL (``migrations/0002_ledger.py``); here they are only read."""

from django.db import models
from django.db.models import Q


class LedgerAccount(models.Model):
    """A balance. Changed by the function ``payments_post`` and by nobody else."""

    id = models.BigIntegerField(primary_key=True)
    key = models.TextField(unique=True)
    currency = models.CharField(max_length=3)
    floor = models.BigIntegerField(null=True)
    balance = models.BigIntegerField()
    version = models.BigIntegerField()
    closed = models.BooleanField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return self.key


class LedgerTransaction(models.Model):
    """A balanced set of entries under a business key that is never used again."""

    id = models.BigIntegerField(primary_key=True)
    idem = models.TextField(unique=True)
    kind = models.TextField()
    n = models.SmallIntegerField()
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_column="reverses")
    reference = models.JSONField()
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return self.idem


class LedgerEntry(models.Model):
    """One leg: a signed amount on one account, with the balance it left."""

    pk = models.CompositePrimaryKey("txn_id", "seq")
    txn = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    seq = models.SmallIntegerField()
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="entries")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    account_version = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "ledger entries"
        managed = False


class Position(models.Model):
    """Where all the money of one currency is: a view that sums the accounts of each kind."""

    id = models.TextField(primary_key=True)
    currency = models.CharField(max_length=3)
    kind = models.TextField()
    accounts = models.BigIntegerField()
    balance = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "finance desk"
        managed = False

    def __str__(self) -> str:
        return self.id


class BooksCheck(models.Model):
    """One look at the invariants; while the newest names broken ones, no payout leaves."""

    at = models.DateTimeField()
    broken = models.JSONField()
    paged = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["-at"], name="books_check_newest"),
            models.Index(fields=["-at"], name="books_check_paged", condition=Q(paged=True)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T}: {'out of balance' if self.broken else 'in order'}"
