"""Requests of people about their data, and what each domain answered. No word about the person is in any of it."""

from django.db import models
from django.db.models import F, Q

from domains.identity.rules import privacy as rules
from kelmah.db.models import UUIDModel, Versioned


class DataExport(UUIDModel, Versioned):
    """A copy of somebody's data from all domains, as an archive that files keeps for a week."""

    user_id = models.UUIDField()
    state = models.TextField(default=rules.EXPORT.initial)
    requested_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    file_id = models.UUIDField(null=True)
    size = models.BigIntegerField(null=True)
    downloads = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.EXPORT.states)), name="export_state"),
            models.CheckConstraint(
                condition=Q(state__in=["ready", "expired"], file_id__isnull=False, expires_at__isnull=False)
                | Q(state__in=["collecting", "packing", "failed"], file_id__isnull=True),
                name="export_ready_has_file",
            ),
            models.UniqueConstraint(
                fields=["user_id"], condition=Q(state__in=["collecting", "packing"]), name="export_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["user_id", "-requested_at", "-id"], name="export_of_user")]

    def __str__(self) -> str:
        return f"copy for {self.user_id}"


class Erasure(UUIDModel, Versioned):
    """Somebody's wish to be erased, from the request on. Stays, with its receipts, as the proof that it was done."""

    user_id = models.UUIDField()
    state = models.TextField(default=rules.ERASURE.initial)
    requested_at = models.DateTimeField()
    due_at = models.DateTimeField()  # when the next step is taken, where one waits for the clock
    finish_by = models.DateTimeField()
    reasons = models.JSONField(default=list)  # of the last check: [{"domain", "reason", "count"}]
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("recheck_erasure", "Can have an erasure checked again at once")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.ERASURE.states)), name="erasure_state"),
            models.CheckConstraint(
                condition=Q(state__in=["withdrawn", "erased"], ended_at__isnull=False)
                | ~Q(state__in=["withdrawn", "erased"]) & Q(ended_at__isnull=True),
                name="erasure_end_has_date",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["erasing", "sweeping", "erased"], started_at__isnull=False)
                | Q(state__in=["cooling_off", "checking", "held", "withdrawn"], started_at__isnull=True),
                name="erasure_start_has_date",
            ),
            models.CheckConstraint(condition=Q(finish_by__gt=F("requested_at")), name="erasure_has_time"),
            models.UniqueConstraint(fields=["user_id"], condition=~Q(state="withdrawn"), name="erasure_once"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(ended_at__isnull=True), name="erasure_due"),
            models.Index(fields=["-requested_at", "-id"], name="erasure_newest"),
        ]

    def __str__(self) -> str:
        return f"erasure of {self.user_id}"


class PrivacyReceipt(models.Model):
    """What one domain answered to one step of a request: counts and reasons, never content."""

    request_id = models.UUIDField()
    domain = models.TextField()
    step = models.TextField()
    state = models.TextField(default=rules.RECEIPT.initial)
    holds = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=1)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request_id", "step", "domain"], name="receipt_once"),
            models.CheckConstraint(condition=Q(state__in=sorted(rules.RECEIPT.states)), name="receipt_state"),
            models.CheckConstraint(
                condition=Q(state="asked", answered_at__isnull=True) | ~Q(state="asked") & Q(answered_at__isnull=False),
                name="receipt_answered_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.domain}: {self.step}"
