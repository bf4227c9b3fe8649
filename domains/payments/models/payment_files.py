"""Files with payouts, for a bank to carry out."""

from django.db import models
from django.db.models import Q

from domains.payments.models.gateways import GatewayCommand
from kelmah.db.models import UUIDModel
from kelmah.money import Money


class PaymentFile(UUIDModel):
    """Payouts that are handed to the bank together. Only what is in it is kept: names and numbers are read, each time
    it is downloaded, from where they are sealed. Refused: the bank took none of it."""

    currency = models.CharField(max_length=3)
    count = models.PositiveIntegerField()
    total_minor = models.BigIntegerField()
    pay_on = models.DateField()
    state = models.TextField(default="made")
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    downloads = models.PositiveIntegerField(default=0)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="made", refused_at__isnull=True) | Q(state="refused", refused_at__isnull=False),
                name="payment_file_state",
            ),
            models.CheckConstraint(condition=Q(count__gt=0, total_minor__gt=0), name="payment_file_not_empty"),
        ]
        indexes = [models.Index(fields=["-made_at"], name="payment_file_newest")]

    def __str__(self) -> str:
        return f"{self.count} payouts, {self.total}"

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)


class PaymentFileItem(models.Model):
    """An order in a file. No order is ever in two: it could be paid twice."""

    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="items")
    command = models.OneToOneField(GatewayCommand, on_delete=models.PROTECT, related_name="payment_file_item")
