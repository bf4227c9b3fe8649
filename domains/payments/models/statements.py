"""What gateways say moved on our accounts there, and where that and our books differ."""

from django.db import models
from django.db.models import Q

from domains.payments.models.gateways import GatewayCommand
from domains.payments.rules import statements as rules
from kelmah.db.models import UUIDModel
from kelmah.money import Money


class Statement(UUIDModel):
    """A statement of one account at a gateway, from a file or from its API. The same one is kept once.

    ``digest``: SHA-256 of what was read. Names of people are not kept: they stand in the bank's own file.
    """

    gateway = models.TextField()
    account = models.TextField()
    currency = models.CharField(max_length=3)
    name = models.TextField()
    source = models.TextField()
    digest = models.TextField()
    first_day = models.DateField()
    last_day = models.DateField()
    opening_minor = models.BigIntegerField(null=True)
    closing_minor = models.BigIntegerField(null=True)
    lines = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField()
    imported_by = models.UUIDField(null=True)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "account", "currency", "digest"], name="statement_once"),
            models.CheckConstraint(condition=Q(source__in=["camt.053", "csv", "api"]), name="statement_source"),
            models.CheckConstraint(condition=Q(first_day__lte=models.F("last_day")), name="statement_days"),
        ]
        indexes = [models.Index(fields=["gateway", "currency", "-last_day"], name="statement_newest")]

    def __str__(self) -> str:
        return f"{self.gateway} {self.name}"


class StatementEntry(models.Model):
    """One line: an amount that changed our balance there, and what it came to here.

    ``line_id`` is the gateway's, ``key`` our order's; ``transaction_id`` the ledger transaction whose leg it is.
    """

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="entries")
    gateway = models.TextField()
    line_id = models.TextField()
    kind = models.TextField()
    ref = models.TextField(blank=True)
    key = models.UUIDField(null=True)
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    reason = models.TextField(blank=True)
    occurred_at = models.DateTimeField()
    verdict = models.TextField(default="waiting")
    command = models.ForeignKey(GatewayCommand, on_delete=models.PROTECT, null=True, related_name="lines")
    transaction_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "statement lines"
        constraints = [
            models.UniqueConstraint(fields=["gateway", "line_id"], name="statement_line_once"),
            # Two lines can't share one leg of the books, whoever looks at the same moment.
            models.UniqueConstraint(fields=["transaction_id", "currency"], name="statement_line_of_leg"),
            models.CheckConstraint(condition=Q(verdict__in=rules.VERDICTS), name="statement_line_verdict"),
            models.CheckConstraint(
                condition=Q(kind__in=["charge", "payout", "refund", "credit", "fee", "dispute", "adjustment"]),
                name="statement_line_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["gateway", "id"], condition=Q(verdict__in=rules.OPEN), name="statement_line_open"),
            models.Index(fields=["key"], condition=Q(key__isnull=False), name="statement_line_of_order"),
            models.Index(fields=["gateway", "ref"], name="statement_line_of_object"),
        ]

    def __str__(self) -> str:
        return self.line_id

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Difference(UUIDModel):
    """Where a statement and the books differ. While a red one is open, no payout leaves.

    ``subject`` names the line or the transaction. Closed ``resolved`` when the other half came, ``accepted`` by staff.
    """

    gateway = models.TextField()
    kind = models.TextField()
    subject = models.TextField()
    entry = models.ForeignKey(StatementEntry, on_delete=models.PROTECT, null=True, related_name="differences")
    transaction_id = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    booked_minor = models.BigIntegerField(null=True)
    stated_minor = models.BigIntegerField(null=True)
    red = models.BooleanField()
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "kind", "subject"], name="difference_once"),
            models.CheckConstraint(condition=Q(kind__in=rules.DIFFERENCES), name="difference_kind"),
            models.CheckConstraint(condition=Q(outcome__in=["", "resolved", "accepted"]), name="difference_outcome"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="") | Q(closed_at__isnull=False) & ~Q(outcome=""),
                name="difference_closed_has_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["red"], condition=Q(closed_at__isnull=True, red=True), name="difference_freezes"),
            models.Index(fields=["transaction_id"], name="difference_of_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
