"""Requests to take somebody's second factors away."""

from django.db import models
from django.db.models import F, Q

from domains.identity.models.people import User
from domains.identity.rules import factor_resets as rules
from domains.identity.rules.grants import LONGEST_REASON
from kelmah.db.models import UUIDModel, Versioned


def _by() -> "models.ForeignKey[User | None]":
    return models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False, null=True)


class FactorReset(UUIDModel, Versioned):
    """Somebody knows their password and has lost every second factor. Two of staff agree, each noting how they made
    sure who asks; ``due_at`` is when the factors go."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factor_resets")
    state = models.TextField(default=rules.FACTOR_RESET.initial)
    asked_at = models.DateTimeField()
    agreed_by = _by()
    agreed_note = models.CharField(max_length=LONGEST_REASON, blank=True, default="")
    confirmed_by = _by()
    confirmed_note = models.CharField(max_length=LONGEST_REASON, blank=True, default="")
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    declined_by = _by()
    end_note = models.CharField(max_length=LONGEST_REASON, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.FACTOR_RESET.states)), name="factor_reset_state"),
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True) | ~Q(agreed_by=F("user")) & Q(agreed_note__gt=""),
                name="factor_reset_agreed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | Q(agreed_by__isnull=False)
                & ~Q(confirmed_by=F("agreed_by"))
                & ~Q(confirmed_by=F("user"))
                & Q(confirmed_note__gt=""),
                name="factor_reset_confirmed_by_a_second",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("waiting", "done"))
                | Q(agreed_by__isnull=False, confirmed_by__isnull=False, due_at__isnull=False),
                name="factor_reset_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(state__in=rules.LIVING, ended_at__isnull=True)
                | ~Q(state__in=rules.LIVING) & Q(ended_at__isnull=False),
                name="factor_reset_ends",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(state__in=rules.LIVING), name="factor_reset_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["-asked_at", "-id"], name="factor_reset_newest")]

    def __str__(self) -> str:
        return f"second factors of {self.user_id}"
