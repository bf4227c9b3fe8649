"""Rates, and what people were offered at them."""

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from kelmah.db.models import UUIDModel
from kelmah.money import Money


class ExchangeRate(models.Model):
    """Units of ``currency`` for one unit of the base currency, as ``origin`` told of that moment. Never changed."""

    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    origin = models.TextField()
    observed_at = models.DateTimeField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_positive"),
            models.UniqueConstraint(fields=["currency", "observed_at", "origin"], name="exchange_rate_once"),
        ]
        indexes = [models.Index(fields=["currency", "-observed_at", "-id"], name="exchange_rate_newest")]

    def __str__(self) -> str:
        return f"{self.rate.normalize():f} {self.currency}"


class ExchangeQuote(UUIDModel):
    """What somebody may buy until ``expires_at``, and bought if ``accepted_at`` says when. ``rate`` is what it was made
    of, before the platform's ``margin`` in basis points; null rates are those of the base currency."""

    user_id = models.UUIDField()
    sold_minor = models.BigIntegerField()
    sold_currency = models.CharField(max_length=3)
    bought_minor = models.BigIntegerField()
    bought_currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=30, decimal_places=15)
    margin = models.PositiveIntegerField()
    sold_rate = models.ForeignKey(ExchangeRate, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    bought_rate = models.ForeignKey(ExchangeRate, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sold_minor__gt=0, bought_minor__gt=0), name="exchange_amounts_positive"),
            models.CheckConstraint(condition=~Q(sold_currency=F("bought_currency")), name="exchange_of_two_currencies"),
            models.CheckConstraint(condition=Q(margin__lt=10_000), name="exchange_margin"),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(accepted_at__lt=F("expires_at")), name="exchange_in_time"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(accepted_at__isnull=True), name="exchange_unaccepted"),
            models.Index(fields=["user_id"], name="exchange_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.sold} → {self.bought}"

    @property
    def sold(self) -> Money:
        return Money(self.sold_minor, self.sold_currency)

    @property
    def bought(self) -> Money:
        return Money(self.bought_minor, self.bought_currency)

    def state_at(self, moment: datetime) -> str:
        """``accepted``, ``open`` or ``expired``."""
        if self.accepted_at:
            return "accepted"
        return "open" if moment < self.expires_at else "expired"

    @property
    def customer_rate(self) -> Decimal:
        """What one unit buys, less the margin."""
        return self.rate * (10_000 - self.margin) / 10_000
