"""Corrections of the books by hand."""

from django.db import models
from django.db.models import F, Q

from domains.payments.models.ledger import LedgerTransaction
from domains.payments.rules.adjustments import ADJUSTMENT
from kelmah.db.models import UUIDModel, Versioned


class Adjustment(UUIDModel, Versioned):
    """What one of staff wants posted, and what another decided: lines of their own, or the opposite of ``reverses``.

    Each of ``lines`` is ``{"account": …, "amount": minor units, "currency": …}``.
    """

    lines = models.JSONField(default=list)
    reverses = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField()
    state = models.TextField(default=ADJUSTMENT.initial)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    txn = models.OneToOneField(LedgerTransaction, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="adjustment_has_reason"),
            models.CheckConstraint(
                condition=Q(lines=[], reverses__isnull=False) | ~Q(lines=[]) & Q(reverses__isnull=True),
                name="adjustment_posts_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state="taken_back", decided_at__isnull=False, decided_by=F("asked_by"))
                | Q(state__in=["posted", "declined"], decided_at__isnull=False, decided_by__isnull=False)
                & ~Q(decided_by=F("asked_by")),
                name="adjustment_by_two",
            ),
            models.CheckConstraint(
                condition=Q(state="posted", txn__isnull=False) | ~Q(state="posted") & Q(txn__isnull=True),
                name="adjustment_posted_has_transaction",
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(state="open"), name="adjustment_one_reversal_open"
            ),
        ]
        indexes = [
            models.Index(fields=["-asked_at", "-id"], name="adjustment_newest"),
            models.Index(fields=["asked_at"], condition=Q(state="open"), name="adjustment_open"),
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.reason[:60]}"
