"""Money reserved for something that payments knows only by name."""

from django.db import models
from django.db.models import F, Q

from domains.payments.rules.owners import MONEY_HOLD
from kelmah.db.models import UUIDModel, Versioned
from kelmah.money import Money


class MoneyHold(UUIDModel, Versioned):
    """Money of a payer reserved under the ``key`` of another domain; ``source`` and ``purpose`` are its words.

    ``lines_hash`` is of what it was captured for, so that the same capture twice is once.
    """

    key = models.TextField(unique=True)
    payer_id = models.UUIDField()
    purpose = models.TextField()
    source = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    captured_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    lines_hash = models.TextField(blank=True)
    state = models.TextField(default=MONEY_HOLD.initial)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(MONEY_HOLD.states)), name="hold_state"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, refunded_minor__gte=0)
                & Q(refunded_minor__lte=F("captured_minor"))
                & Q(captured_minor__lte=F("amount_minor")),
                name="hold_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(state="captured", captured_minor__gt=0) | ~Q(state="captured") & Q(captured_minor=0),
                name="hold_captured_something",
            ),
            models.CheckConstraint(
                condition=Q(state="held", settled_at__isnull=True) | ~Q(state="held") & Q(settled_at__isnull=False),
                name="hold_settled_has_date",
            ),
        ]
        indexes = [models.Index(fields=["payer_id"], condition=Q(state="held"), name="hold_of_payer")]

    def __str__(self) -> str:
        return self.key

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def captured(self) -> Money:
        return Money(self.captured_minor, self.currency)

    @property
    def refunded(self) -> Money:
        return Money(self.refunded_minor, self.currency)
