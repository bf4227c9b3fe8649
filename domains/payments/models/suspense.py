"""Money that nobody can explain, and what two of the staff decide about it."""

from django.db import models
from django.db.models import F, Q

from kelmah.db.models import UUIDModel
from kelmah.money import Money


class Suspended(models.Model):
    """What of one cause stands in suspense: a view over the books (``migrations/``). Negative: money that is missing.

    ``subject`` names the cause: ``deposit:…``, ``payout:…``, ``line:…``; ``legs`` counts its movements so far.
    """

    id = models.TextField(primary_key=True)
    gateway = models.TextField()
    currency = models.CharField(max_length=3)
    subject = models.TextField()
    balance = models.BigIntegerField()
    legs = models.BigIntegerField()
    since = models.DateTimeField()

    class Meta:
        managed = False
        verbose_name_plural = "suspended"

    def __str__(self) -> str:
        return f"{self.subject}: {self.amount}"

    @property
    def amount(self) -> Money:
        return Money(self.balance, self.currency)


class SuspenseRuling(UUIDModel):
    """What one of the staff proposes to do with suspended money, and another carries out.

    ``credit_to``: whose wallet gets it; None: the platform bears it, or keeps it.
    """

    item = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    legs = models.BigIntegerField()
    credit_to = models.UUIDField(null=True)
    reason = models.TextField()
    state = models.TextField(default="proposed")
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | Q(state__in=["carried_out", "withdrawn"], decided_by__isnull=False, decided_at__isnull=False),
                name="suspense_ruling_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="carried_out") | ~Q(decided_by=F("proposed_by")), name="suspense_ruling_four_eyes"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="suspense_ruling_has_reason"),
            models.CheckConstraint(
                condition=Q(credit_to__isnull=True) | Q(amount_minor__gt=0), name="suspense_ruling_credits_what_is"
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state="proposed"), name="suspense_ruling_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["-proposed_at"], name="suspense_ruling_newest")]

    def __str__(self) -> str:
        return f"{self.item}: {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
