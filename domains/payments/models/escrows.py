"""Protected funds, and what the platform takes of them."""

from django.db import models
from django.db.models import Q

from domains.payments import rules
from kelmah.db.models import Versioned
from kelmah.money import Money


class FeePlan(models.Model):
    """What the platform takes, in basis points; the newest version of a name is in force."""

    name = models.TextField()
    version = models.PositiveIntegerField()
    basis_points = models.PositiveIntegerField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="fee_plan_version"),
            models.CheckConstraint(condition=Q(basis_points__lte=10_000), name="fee_plan_share"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Escrow(Versioned):
    """The protected funds of one milestone; ``fee_basis_points`` is frozen at funding."""

    milestone_id = models.UUIDField(primary_key=True)
    contract_id = models.UUIDField()
    hirer_id = models.UUIDField()
    worker_id = models.UUIDField()
    title = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee_plan = models.TextField()
    fee_basis_points = models.PositiveIntegerField()
    state = models.TextField(default=rules.ESCROW.initial)
    funded_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    fee_minor = models.BigIntegerField(null=True)
    net_minor = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.ESCROW.states)), name="escrow_state"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="escrow_amount_positive"),
            models.CheckConstraint(
                # Null makes a comparison neither true nor false, and a CHECK takes that for true: said explicitly.
                condition=~Q(state="released")
                | Q(
                    fee_minor__isnull=False,
                    net_minor__isnull=False,
                    fee_minor__gte=0,
                    net_minor__gte=0,
                    amount_minor=models.F("fee_minor") + models.F("net_minor"),
                ),
                name="escrow_split_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(state="funded", settled_at__isnull=True) | ~Q(state="funded") & Q(settled_at__isnull=False),
                name="escrow_settled_has_date",
            ),
        ]
        indexes = [
            models.Index(fields=["contract_id", "funded_at"], name="escrow_of_contract"),
            models.Index(fields=["hirer_id", "currency"], condition=Q(state="funded"), name="escrow_of_hirer"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class FundingRequest(models.Model):
    """Each request to fund a milestone and what came of it, so that one heard twice is answered once."""

    milestone_id = models.UUIDField()
    request = models.PositiveIntegerField()
    outcome = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["milestone_id", "request"], name="funding_request_once")]
