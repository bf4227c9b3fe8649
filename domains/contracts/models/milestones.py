"""Steps of the work: what was handed in, and what was paid for it."""

from django.db import models
from django.db.models import F, Q

from domains.contracts import rules
from domains.contracts.models.contracts import Contract
from kelmah.db.models import UUIDModel, Versioned
from kelmah.money import Money


class Milestone(UUIDModel, Versioned):
    """One agreed step of the work, paid on its own. ``funding_request`` numbers the attempts to fund it.

    ``paid`` (``fee`` and ``net`` of it) left protection for the worker so far, ``refunded`` went back to the hirer: as
    payments told. While ``auto_approve_at`` stands, silence until then accepts the work.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="milestones")
    position = models.PositiveSmallIntegerField()
    title = models.TextField()
    description = models.TextField(blank=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    due_in_days = models.PositiveSmallIntegerField(null=True)
    state = models.TextField(default=rules.MILESTONE.initial)
    funding_request = models.PositiveIntegerField(default=0)
    funding_error = models.TextField(blank=True)
    funded_at = models.DateTimeField(null=True)
    revisions = models.PositiveSmallIntegerField(default=0)
    submitted_at = models.DateTimeField(null=True)
    auto_approve_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.TextField(blank=True)
    released_at = models.DateTimeField(null=True)
    refunded_at = models.DateTimeField(null=True)
    paid_minor = models.BigIntegerField(default=0, db_default=0)
    fee_minor = models.BigIntegerField(null=True)
    net_minor = models.BigIntegerField(null=True)
    refunded_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contract", "position"], name="milestone_position"),
            models.CheckConstraint(condition=Q(state__in=sorted(rules.MILESTONE.states)), name="milestone_state"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="milestone_amount_positive"),
            models.CheckConstraint(
                condition=Q(funded_at__isnull=False) | Q(state__in=["planned", "awaiting_funds", "cancelled"]),
                name="milestone_funded_before_work",
            ),
            models.CheckConstraint(
                condition=~Q(state="released")
                | Q(
                    fee_minor__isnull=False,  # a comparison with nothing would count as kept
                    fee_minor__gte=0,
                    net_minor__isnull=False,
                    net_minor=F("amount_minor") - F("fee_minor"),
                ),
                name="milestone_paid_in_full",
            ),
            models.CheckConstraint(
                condition=Q(paid_minor=0, fee_minor__isnull=True, net_minor__isnull=True)
                | Q(
                    paid_minor__gt=0,
                    fee_minor__isnull=False,
                    net_minor__isnull=False,
                    fee_minor__gte=0,
                    net_minor__gte=0,
                )
                & Q(paid_minor=F("fee_minor") + F("net_minor")),
                name="milestone_paid_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(state="refunded", paid_minor=0, refunded_minor=F("amount_minor"))
                | Q(state="split", paid_minor__gt=0, refunded_minor__gt=0)
                & Q(amount_minor=F("paid_minor") + F("refunded_minor"))
                | ~Q(state__in=["refunded", "split"]) & Q(refunded_minor=0, paid_minor__lte=F("amount_minor")),
                name="milestone_settled_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(auto_approve_at__isnull=True) | Q(state="submitted"), name="milestone_clock_runs_in_review"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PartPayment(models.Model):
    """Part ``number`` of a milestone, paid while the rest was still protected."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    gross_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    paid_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["milestone", "number"], name="part_payment_once"),
            models.CheckConstraint(
                condition=Q(gross_minor__gt=0, fee_minor__gte=0, net_minor__gte=0)
                & Q(gross_minor=F("fee_minor") + F("net_minor")),
                name="part_payment_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"part {self.number}"


class Submission(UUIDModel):
    """Work handed in for a milestone, and what the hirer asked to be changed, if they did."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    note = models.TextField(blank=True)
    submitted_at = models.DateTimeField()
    changes_note = models.TextField(blank=True)
    changes_requested_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["milestone", "number"], name="submission_number")]

    def __str__(self) -> str:
        return f"submission {self.number}"


class Deliverable(models.Model):
    """A file handed in with a submission; the file itself is kept by files."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="deliverables")
    file_id = models.UUIDField()
    name = models.TextField()
    content_type = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "file_id"], name="deliverable_once")]

    def __str__(self) -> str:
        return self.name
