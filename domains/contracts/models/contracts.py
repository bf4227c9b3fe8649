"""Agreements, the signatures under them, and the weeks that were worked."""

from django.db import models
from django.db.models import F, Q

from domains.contracts import rules
from kelmah.db.models import UUIDModel, Versioned
from kelmah.money import Money


class Contract(UUIDModel, Versioned):
    """An agreement between a hirer and a worker. ``text`` is frozen when the row is made (a trigger sees to it)."""

    job_id = models.UUIDField()
    offer_id = models.UUIDField(unique=True)
    hirer_id = models.UUIDField()
    worker_id = models.UUIDField()
    title = models.TextField()
    category = models.TextField()
    kind = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee_plan = models.TextField(default=rules.FEE_PLAN)
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    state = models.TextField(default=rules.CONTRACT.initial)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.CONTRACT.states)), name="contract_state"),
            models.CheckConstraint(condition=Q(kind__in=["fixed", "hourly"]), name="contract_kind"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="contract_amount_positive"),
            models.CheckConstraint(condition=~Q(hirer_id=F("worker_id")), name="contract_two_sides"),
            models.CheckConstraint(
                condition=Q(activated_at__isnull=False) | Q(state__in=["awaiting_signatures", "cancelled"]),
                name="contract_active_has_date",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False, state__in=["completed", "cancelled"])
                | Q(ended_at__isnull=True, state__in=["awaiting_signatures", "active"]),
                name="contract_end_has_date",
            ),
        ]
        indexes = [
            models.Index(fields=["hirer_id", "-created_at", "-id"], name="contract_of_hirer"),
            models.Index(fields=["worker_id", "-created_at", "-id"], name="contract_of_worker"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Signature(models.Model):
    """One side's consent to the frozen text: who, when, from where, to which hash; chained to the one before."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="signatures")
    role = models.TextField()
    user_id = models.UUIDField()
    legal_name = models.CharField(max_length=200)
    text_sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    mfa_level = models.PositiveSmallIntegerField(default=0)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "role"], name="signature_once_per_side"),
            models.UniqueConstraint(fields=["contract", "user_id"], name="signature_once_per_person"),
            models.CheckConstraint(condition=Q(role__in=["hirer", "worker"]), name="signature_role"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.legal_name}"


class SettledWeek(UUIDModel):
    """A week of hourly work whose protected money is gone, as payments told; its id is the week's there."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="weeks")
    monday = models.DateField()
    paid_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField()
    settled_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "monday"], name="settled_week_once"),
            models.CheckConstraint(
                condition=Q(fee_minor__gte=0, net_minor__gte=0, refunded_minor__gte=0)
                & Q(paid_minor=F("fee_minor") + F("net_minor")),
                name="settled_week_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"week of {self.monday}"
