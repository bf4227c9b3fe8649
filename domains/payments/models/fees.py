"""What the platform takes, version by version."""

from django.db import models
from django.db.models import F, Q

from domains.payments import rules


class FeePlan(models.Model):
    """What the platform takes, in basis points, and how long money waits; the newest approved version is in force.

    ``review_hours``: silence for so long after work was handed in accepts it; empty where the calendar says when.
    ``pending_hours``: how long what was earned waits before it can be spent. Versions that came with the program have
    nobody who proposed them.
    """

    name = models.TextField()
    version = models.PositiveIntegerField()
    basis_points = models.PositiveIntegerField()
    review_hours = models.PositiveIntegerField(null=True)
    pending_hours = models.PositiveIntegerField(default=0, db_default=0)
    reason = models.TextField()
    state = models.TextField(default=rules.FEE_PLAN.initial, db_default=rules.FEE_PLAN.initial)
    proposed_by = models.UUIDField(null=True)
    proposed_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="fee_plan_version"),
            models.UniqueConstraint(fields=["name"], condition=Q(state="proposed"), name="fee_plan_one_proposed"),
            models.CheckConstraint(condition=Q(basis_points__lte=10_000), name="fee_plan_share"),
            models.CheckConstraint(
                # An escrow keeps its plan: with a time beyond the calendar it could never be released.
                condition=Q(pending_hours__lte=rules.LONGEST_WAIT_HOURS)
                & (Q(review_hours__isnull=True) | Q(review_hours__lte=rules.LONGEST_WAIT_HOURS)),
                name="fee_plan_waits_a_year_at_most",
                violation_error_message="Money waits a year at most.",
            ),
            models.CheckConstraint(condition=Q(state__in=sorted(rules.FEE_PLAN.states)), name="fee_plan_state"),
            models.CheckConstraint(
                # Null makes a comparison neither true nor false, and a CHECK takes that for true: said explicitly.
                condition=~Q(state="approved")
                | Q(proposed_by__isnull=True)
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by")),
                name="fee_plan_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
