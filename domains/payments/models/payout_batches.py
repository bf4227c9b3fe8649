"""Payouts that one call hands to a provider."""

from django.db import models
from django.db.models import Q

from domains.payments import rules
from domains.payments.models.gateways import GatewayCommand
from kelmah.db.models import UUIDModel
from kelmah.money import Money


class PayoutBatch(UUIDModel):
    """Payouts that are sent to a provider together, stored before they are. Its id is the key under which it is sent,
    every time."""

    gateway = models.TextField()
    currency = models.CharField(max_length=3)
    count = models.PositiveIntegerField()
    total_minor = models.BigIntegerField()
    state = models.TextField(default=rules.PAYOUT_BATCH.initial)
    attempts = models.PositiveIntegerField()
    sent_at = models.DateTimeField()
    next_at = models.DateTimeField()
    gateway_ref = models.TextField(blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "payout batches"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.PAYOUT_BATCH.states)), name="payout_batch_state"),
            models.CheckConstraint(condition=Q(count__gt=0, total_minor__gt=0), name="payout_batch_not_empty"),
            models.CheckConstraint(
                condition=~Q(state="accepted") | ~Q(gateway_ref=""), name="payout_batch_asked_about_by_name"
            ),
            models.UniqueConstraint(
                fields=["gateway", "gateway_ref"], condition=~Q(gateway_ref=""), name="payout_batch_of_object"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="payout_batch_newest"),
            models.Index(
                fields=["next_at"], condition=Q(state__in=sorted(rules.BATCH_OPEN)), name="payout_batch_undecided"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} payouts, {self.total}, {self.state}"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


class PayoutBatchItem(models.Model):
    """An order in a batch. No order is ever in two: it could be paid twice."""

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="items")
    command = models.OneToOneField(GatewayCommand, on_delete=models.PROTECT, related_name="payout_batch_item")
