"""Money on its way into wallets and out of them."""

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

from domains.payments import rules
from domains.payments.models.methods import PayoutMethod
from domains.payments.rules import owners
from kelmah.db.models import UUIDModel, Versioned
from kelmah.money import Money

UNDECIDED = Q(state__in=["processing", "in_review"])


def _settled_has_date() -> Q:
    return UNDECIDED & Q(settled_at__isnull=True) | ~UNDECIDED & Q(settled_at__isnull=False)


class Deposit(UUIDModel, Versioned):
    """Money on its way from a gateway into a wallet. Credited is what was asked for, or what staff accepted."""

    user_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    credited_minor = models.BigIntegerField(null=True)
    credited_currency = models.CharField(max_length=3, null=True)
    gateway = models.TextField()
    state = models.TextField(default=rules.DEPOSIT.initial)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.DEPOSIT.states)), name="deposit_state"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="deposit_amount_positive"),
            models.CheckConstraint(
                condition=Q(
                    state="succeeded",
                    credited_minor__isnull=False,
                    credited_minor__gt=0,
                    credited_currency__isnull=False,
                )
                | ~Q(state="succeeded") & Q(credited_minor__isnull=True, credited_currency__isnull=True),
                name="deposit_credited_when_succeeded",
            ),
            models.CheckConstraint(condition=_settled_has_date(), name="deposit_settled_has_date"),
        ]
        indexes = [
            models.Index(fields=["user_id", "-created_at", "-id"], name="deposit_of_user"),
            models.Index(fields=["state", "created_at"], condition=UNDECIDED, name="deposit_undecided"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def credited(self) -> Money | None:
        """What reached the wallet; None until something did."""
        if self.credited_minor is None or self.credited_currency is None:
            return None
        return Money(self.credited_minor, self.credited_currency)


class Payout(UUIDModel, Versioned):
    """Money on its way out of what an ``owner`` has for a ``purpose``, held back until its outcome is known.

    It goes to ``user_id``: to a ``method`` of theirs or, where no real money moves, to a ``destination`` named on the
    spot. A wallet is paid out by its user; anything else under the ``key`` of another domain, whose word ``source`` is.
    """

    user_id = models.UUIDField()
    owner = models.TextField()
    purpose = models.TextField()
    key = models.TextField(null=True, unique=True)
    source = models.TextField(blank=True, default="", db_default="")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    gateway = models.TextField()
    destination = models.TextField(blank=True)
    method = models.ForeignKey(PayoutMethod, on_delete=models.PROTECT, null=True, related_name="payouts")
    state = models.TextField(default=rules.PAYOUT.initial)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.PAYOUT.states)), name="payout_state"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_amount_positive"),
            models.CheckConstraint(condition=_settled_has_date(), name="payout_settled_has_date"),
            models.UniqueConstraint(
                fields=["owner", "currency"], condition=Q(state="processing"), name="payout_one_in_flight"
            ),
            models.CheckConstraint(condition=Q(owner__regex=owners.PAID_OUT), name="payout_of_an_owner"),
            models.CheckConstraint(
                condition=~Q(owner__startswith="user:")
                | Q(owner=Concat(Value("user:"), Cast("user_id", models.TextField()))),
                name="payout_of_a_user_is_to_them",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="payout_of_owner"),
            models.Index(fields=["user_id", "-created_at", "-id"], name="payout_of_user"),
            models.Index(fields=["-created_at", "-id"], name="payout_newest"),
            models.Index(fields=["state", "created_at"], condition=UNDECIDED, name="payout_undecided"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)
