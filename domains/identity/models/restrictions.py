"""What somebody may not do for a time."""

from django.db import models
from django.db.models import F, Q

from domains.identity.models.people import User
from domains.identity.rules import restrictions as rules
from kelmah.db.models import UUIDModel, Versioned


class Restriction(UUIDModel, Versioned):
    """Something is taken from somebody until a day, with a reason and evidence that they may read and appeal against.
    Nobody imposed what a machine did: ``source`` names it then."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="restrictions")
    kind = models.TextField()
    code = models.TextField()
    evidence = models.TextField()
    source = models.CharField(max_length=100, blank=True, default="")
    imposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, null=True)
    imposed_at = models.DateTimeField()
    until = models.DateTimeField()
    state = models.TextField(default=rules.RESTRICTION.initial)
    appeal = models.TextField(blank=True, default="")
    appealed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, null=True)
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.RESTRICTION.states)), name="restriction_state"),
            models.CheckConstraint(condition=Q(code__in=sorted(rules.CODES)), name="restriction_code"),
            models.CheckConstraint(condition=Q(evidence__gt=""), name="restriction_has_evidence"),
            models.CheckConstraint(condition=Q(until__gt=F("imposed_at")), name="restriction_ends_later"),
            models.CheckConstraint(
                condition=Q(imposed_by__isnull=True, source__gt="") | Q(imposed_by__isnull=False, source=""),
                name="restriction_by_somebody_or_something",
            ),
            models.CheckConstraint(
                condition=Q(imposed_by__isnull=True) | ~Q(imposed_by=F("user")), name="restriction_by_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(appeal="", appealed_at__isnull=True) | Q(appeal__gt="", appealed_at__isnull=False),
                name="restriction_appeal_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["appealed", "upheld"]) | Q(appealed_at__isnull=False),
                name="restriction_decided_after_an_appeal",
            ),
            # An appeal is heard by somebody else.
            models.CheckConstraint(
                condition=~Q(state="upheld")
                | Q(decided_by__isnull=False) & (Q(imposed_by__isnull=True) | ~Q(decided_by=F("imposed_by"))),
                name="restriction_upheld_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(state__in=rules.IN_FORCE, ended_at__isnull=True)
                | Q(state__in=["lifted", "expired"], ended_at__isnull=False),
                name="restriction_end_has_a_date",
            ),
            models.UniqueConstraint(
                fields=["user", "kind"], condition=Q(state__in=rules.IN_FORCE), name="restriction_once"
            ),
        ]
        indexes = [
            models.Index(fields=["-imposed_at", "-id"], name="restriction_newest"),
            models.Index(fields=["until"], condition=Q(state__in=rules.IN_FORCE), name="restriction_to_expire"),
            models.Index(fields=["appealed_at"], condition=Q(state="appealed"), name="restriction_to_decide"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.code})"
