"""Protected funds: what is held, what left, and what is disputed."""

from django.db import models
from django.db.models import F, Q

from domains.payments import rules
from kelmah.db.models import UUIDModel, Versioned
from kelmah.money import Money

_UNSETTLED = ~Q(state__in=sorted(rules.ESCROW.final))


class Escrow(Versioned):
    """The protected funds of one milestone or of one week of hourly work (``week`` is its Monday).

    ``amount`` is what was funded; of it ``released`` (gross, ``fee`` and ``net`` of it) went to the worker's side and
    ``refunded`` back; the rest is held. Fee, review and pending hours are frozen at funding. ``submission`` numbers
    the work handed in last; while ``review_ends_at`` stands, silence until then releases.
    """

    milestone_id = models.UUIDField(primary_key=True)
    contract_id = models.UUIDField()
    hirer_id = models.UUIDField()
    worker_id = models.UUIDField()
    title = models.TextField()
    week = models.DateField(null=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee_plan = models.TextField()
    fee_basis_points = models.PositiveIntegerField()
    review_hours = models.PositiveIntegerField(null=True)
    pending_hours = models.PositiveIntegerField(default=0, db_default=0)
    state = models.TextField(default=rules.ESCROW.initial)
    submission = models.PositiveIntegerField(default=0, db_default=0)
    review_ends_at = models.DateTimeField(null=True)
    funded_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    released_minor = models.BigIntegerField(default=0, db_default=0)
    refunded_minor = models.BigIntegerField(default=0, db_default=0)
    fee_minor = models.BigIntegerField(default=0, db_default=0)
    net_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.ESCROW.states)), name="escrow_state"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="escrow_amount_positive"),
            models.CheckConstraint(
                condition=Q(fee_minor__gte=0, net_minor__gte=0, refunded_minor__gte=0)
                & Q(released_minor=F("fee_minor") + F("net_minor"))
                & (
                    _UNSETTLED & Q(refunded_minor=0, released_minor__lt=F("amount_minor"))
                    | ~_UNSETTLED & Q(amount_minor=F("released_minor") + F("refunded_minor"))
                )
                & (~Q(state="released") | Q(refunded_minor=0)),
                name="escrow_split_adds_up",
            ),
            models.CheckConstraint(
                condition=_UNSETTLED & Q(settled_at__isnull=True) | ~_UNSETTLED & Q(settled_at__isnull=False),
                name="escrow_settled_has_date",
            ),
            models.CheckConstraint(
                condition=Q(review_ends_at__isnull=True) | Q(state="funded"), name="escrow_review_only_while_funded"
            ),
            models.CheckConstraint(
                condition=Q(week__isnull=True) | Q(week__iso_week_day=1), name="escrow_week_begins_on_monday"
            ),
            models.UniqueConstraint(fields=["contract_id", "week"], name="escrow_week_once"),
        ]
        indexes = [
            models.Index(fields=["contract_id", "funded_at"], name="escrow_of_contract"),
            models.Index(fields=["hirer_id", "currency"], condition=_UNSETTLED, name="escrow_held_of_hirer"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def released(self) -> Money:
        return Money(self.released_minor, self.currency)

    @property
    def held(self) -> Money:
        """What is still protected."""
        return Money(self.amount_minor - self.released_minor - self.refunded_minor, self.currency)


class EscrowRelease(UUIDModel):
    """One time that money left an escrow for its worker: parts count from 1, the settlement is number 0.

    With ``matures_at`` the net waits beside the wallet until then.
    """

    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    gross_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    released_at = models.DateTimeField()
    matures_at = models.DateTimeField(null=True)
    matured_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["escrow", "number"], name="escrow_release_number"),
            models.CheckConstraint(
                condition=Q(gross_minor__gt=0, fee_minor__gte=0, net_minor__gte=0)
                & Q(gross_minor=F("fee_minor") + F("net_minor")),
                name="escrow_release_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(matured_at__isnull=True) | Q(matures_at__isnull=False), name="escrow_release_matures"
            ),
        ]
        indexes = [
            models.Index(
                fields=["escrow"],
                condition=Q(matures_at__isnull=False, matured_at__isnull=True),
                name="escrow_release_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.escrow_id} {self.number}"

    @property
    def net(self) -> Money:
        return Money(self.net_minor, self.escrow.currency)


class DisputedFunds(Versioned):
    """What an open dispute freezes. Its id is the dispute's; ``review_left`` is what the clock had left.

    ``award_minor``: what its decision gives the worker, once the bank that wants the money back is done.
    """

    id = models.UUIDField(primary_key=True)
    escrow = models.ForeignKey(Escrow, on_delete=models.PROTECT, related_name="disputes")
    amount_minor = models.BigIntegerField()
    state = models.TextField(default=rules.DISPUTED.initial)
    review_left = models.DurationField(null=True)
    award_minor = models.BigIntegerField(null=True)
    frozen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "disputed funds"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.DISPUTED.states)), name="disputed_state"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="disputed_amount_positive"),
            models.CheckConstraint(
                condition=Q(award_minor__isnull=True)
                | Q(award_minor__gt=0, award_minor__lte=F("amount_minor")) & ~Q(state="withdrawn"),
                name="disputed_award_is_of_it",
            ),
            models.CheckConstraint(
                condition=Q(state="frozen", ended_at__isnull=True) | ~Q(state="frozen") & Q(ended_at__isnull=False),
                name="disputed_ended_has_date",
            ),
            models.UniqueConstraint(fields=["escrow"], condition=Q(state="frozen"), name="disputed_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"dispute of {self.escrow_id}"


class FundingRequest(models.Model):
    """Each request to fund a milestone and what came of it, so that one heard twice is answered once."""

    milestone_id = models.UUIDField()
    request = models.PositiveIntegerField()
    outcome = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["milestone_id", "request"], name="funding_request_once")]
