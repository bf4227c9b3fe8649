"""Tables of contracts. What a constraint can say, a constraint says."""

from django.db import models
from django.db.models import F, Q

from domains.contracts import rules
from kelmah.db.models import DeadlineBase, IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel, Versioned
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


class Milestone(UUIDModel, Versioned):
    """One agreed step of the work, paid on its own. ``funding_request`` numbers the attempts to fund it.

    ``paid`` (``fee`` and ``net`` of it) left protection for the worker so far, ``refunded`` went back to the hirer: as
    payments told.
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


class Deadline(DeadlineBase):
    pass


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
