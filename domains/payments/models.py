"""Tables of payments. The ledger's three are made and guarded in SQL (``migrations/0002_ledger.py``); here they are
only read."""

from django.db import models
from django.db.models import Q

from domains.payments import rules
from kelmah.db.models import IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel, Versioned
from kelmah.money import Money


class LedgerAccount(models.Model):
    """A balance. Changed by the function ``payments_post`` and by nobody else."""

    id = models.BigIntegerField(primary_key=True)
    key = models.TextField(unique=True)
    currency = models.CharField(max_length=3)
    floor = models.BigIntegerField(null=True)
    balance = models.BigIntegerField()
    version = models.BigIntegerField()
    closed = models.BooleanField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return self.key


class LedgerTransaction(models.Model):
    """A balanced set of entries under a business key that is never used again."""

    id = models.BigIntegerField(primary_key=True)
    idem = models.TextField(unique=True)
    kind = models.TextField()
    n = models.SmallIntegerField()
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_column="reverses")
    reference = models.JSONField()
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return self.idem


class LedgerEntry(models.Model):
    """One leg: a signed amount on one account, with the balance it left."""

    pk = models.CompositePrimaryKey("txn_id", "seq")
    txn = models.ForeignKey(LedgerTransaction, on_delete=models.PROTECT, related_name="entries")
    seq = models.SmallIntegerField()
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="entries")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    account_version = models.BigIntegerField()

    class Meta:
        managed = False


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


class Escrow(models.Model):
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
                condition=~Q(state="released")
                | Q(fee_minor__gte=0, net_minor=models.F("amount_minor") - models.F("fee_minor")),
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


class Deposit(UUIDModel, Versioned):
    """Money on its way from a gateway into a wallet."""

    user_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    gateway = models.TextField()
    state = models.TextField(default=rules.DEPOSIT.initial)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.DEPOSIT.states)), name="deposit_state"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="deposit_amount_positive"),
        ]
        indexes = [models.Index(fields=["user_id", "-created_at", "-id"], name="deposit_of_user")]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Payout(UUIDModel, Versioned):
    """Money on its way out of a wallet, held back until its outcome is known."""

    user_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    gateway = models.TextField()
    destination = models.TextField()
    state = models.TextField(default=rules.PAYOUT.initial)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.PAYOUT.states)), name="payout_state"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_amount_positive"),
            models.UniqueConstraint(
                fields=["user_id", "currency"], condition=Q(state="processing"), name="payout_one_in_flight"
            ),
        ]
        indexes = [models.Index(fields=["user_id", "-created_at", "-id"], name="payout_of_user")]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class GatewayCommand(UUIDModel):
    """An order to a gateway, stored before it is sent. Its id is the key under which it is sent, every time."""

    gateway = models.TextField()
    kind = models.TextField()
    subject_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    instrument = models.TextField()
    state = models.TextField(default=rules.COMMAND.initial)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    gateway_ref = models.TextField(blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.COMMAND.states)), name="command_state"),
            models.CheckConstraint(condition=Q(kind__in=["charge", "payout"]), name="command_kind"),
            models.UniqueConstraint(fields=["kind", "subject_id"], name="command_once_per_subject"),
            models.UniqueConstraint(
                fields=["gateway", "kind", "gateway_ref"], condition=~Q(gateway_ref=""), name="command_of_object"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=~Q(state__in=["succeeded", "rejected"]), name="command_unresolved"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class WebhookEvent(models.Model):
    """What a gateway told us, as it came; a hint to look again, never the truth itself."""

    gateway = models.TextField()
    event_id = models.TextField()
    body = models.BinaryField()
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    dead_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "event_id"], name="webhook_once")]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(processed_at__isnull=True, dead_at__isnull=True),
                name="webhook_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.event_id


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
