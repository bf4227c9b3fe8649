"""What two sides disagree about."""

from django.db import models
from django.db.models import Q

from domains.contracts import rules
from domains.contracts.models.milestones import Milestone
from kelmah.db.models import UUIDModel, Versioned
from kelmah.money import Money


class Dispute(UUIDModel, Versioned):
    """One side says that something is wrong: until it is over the money is frozen and the clock stands still.

    ``review_left`` is what the clock had left. ``to_worker``, fee included, is what the ruling gives the worker of what
    was held; the rest goes back.
    """

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="disputes")
    opened_by = models.UUIDField()
    reason = models.TextField()
    state = models.TextField(default=rules.DISPUTE.initial)
    review_left = models.DurationField(null=True)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    to_worker_minor = models.BigIntegerField(null=True)
    decided_by = models.UUIDField(null=True)
    ruling = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.DISPUTE.states)), name="dispute_state"),
            models.UniqueConstraint(fields=["milestone"], condition=Q(state="open"), name="dispute_one_open"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True) | ~Q(state="open") & Q(ended_at__isnull=False),
                name="dispute_end_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(state="decided") & Q(to_worker_minor__isnull=True, decided_by__isnull=True)
                | Q(state="decided", to_worker_minor__isnull=False, decided_by__isnull=False, to_worker_minor__gte=0)
                & ~Q(ruling=""),
                name="dispute_decided_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"dispute of {self.milestone}"

    @property
    def to_worker(self) -> Money | None:
        return None if self.to_worker_minor is None else Money(self.to_worker_minor, self.milestone.currency)
