"""Money that goes back to where it came from: by us, or taken by the payer's bank."""

from django.db import models
from django.db.models import Q

from domains.payments import rules
from kelmah.db.models import UUIDModel, Versioned
from kelmah.money import Money


class Refund(UUIDModel, Versioned):
    """A part of a deposit, or all of it, on its way back to whoever paid it in.

    ``charge_ref``: the gateway's charge that it gives back; ``source``: the wallet, or suspense when no wallet ever got
    it. ``made_there``: the gateway's refund, when it was made at the gateway's own desk and not ordered by us.
    """

    deposit_id = models.UUIDField()
    user_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    gateway = models.TextField()
    charge_ref = models.TextField()
    source = models.TextField()
    made_there = models.TextField(blank=True)
    state = models.TextField(default=rules.REFUND.initial)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.REFUND.states)), name="refund_state"),
            models.CheckConstraint(condition=Q(source__in=["wallet", "suspense"]), name="refund_source"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["processing", "in_review"], settled_at__isnull=True)
                | ~Q(state__in=["processing", "in_review"]) & Q(settled_at__isnull=False),
                name="refund_settled_has_date",
            ),
            models.UniqueConstraint(
                fields=["gateway", "made_there"], condition=~Q(made_there=""), name="refund_made_there_once"
            ),
        ]
        indexes = [
            models.Index(fields=["deposit_id", "-created_at", "-id"], name="refund_of_deposit"),
            models.Index(fields=["user_id", "-created_at", "-id"], name="refund_of_user"),
            models.Index(fields=["gateway", "charge_ref"], name="refund_of_charge"),
            models.Index(
                fields=["state", "created_at"],
                condition=Q(state__in=["processing", "in_review"]),
                name="refund_undecided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


NOTHING_TAKEN = Q(state__in=["inquiry", "closed"])


class Chargeback(UUIDModel, Versioned):
    """The payer's bank disputes a charge at the gateway. ``ref`` is the gateway's name of the dispute.

    ``source``: what it took, the wallet's owner or suspense; empty while it took nothing. ``looked_at``: when the
    gateway was last asked about it without having told anything.
    """

    deposit_id = models.UUIDField()
    user_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    gateway = models.TextField()
    ref = models.TextField()
    charge_ref = models.TextField()
    source = models.TextField(blank=True)
    state = models.TextField(default=rules.CHARGEBACK.initial)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.CHARGEBACK.states)), name="chargeback_state"),
            models.CheckConstraint(
                condition=NOTHING_TAKEN & Q(source="") | ~NOTHING_TAKEN & Q(source__in=["wallet", "suspense"]),
                name="chargeback_source",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="chargeback_amount_positive"),
            models.UniqueConstraint(fields=["gateway", "ref"], name="chargeback_once"),
        ]
        indexes = [
            models.Index(fields=["gateway", "charge_ref"], name="chargeback_of_charge"),
            models.Index(fields=["user_id", "-opened_at"], name="chargeback_of_user"),
            models.Index(
                fields=["opened_at"], condition=Q(state__in=["inquiry", "withdrawn"]), name="chargeback_undecided"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Receivable(UUIDModel):
    """Somebody who owes us, or once did, in one currency; how much is the balance of the ledger's account.

    Whoever changes that balance has this row locked.
    """

    user_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "currency"], name="receivable_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.currency}"
