"""Deadlines as rows: a beat that was down for days catches up in order, each once."""

from django.db import models
from django.db.models import Q


class DeadlineBase(models.Model):
    """``kind`` falls due for ``subject_id`` at ``due_at``; ``version`` is the subject's at arming, so that a changed
    subject makes the old deadline void."""

    subject_id = models.UUIDField()
    kind = models.TextField()
    due_at = models.DateTimeField()
    subject_version = models.PositiveIntegerField()
    done_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        abstract = True
        constraints = [
            # One armed deadline per subject and kind: arming again moves it.
            models.UniqueConstraint(
                fields=["subject_id", "kind"], condition=Q(done_at__isnull=True), name="%(app_label)s_deadline_armed"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(done_at__isnull=True), name="%(app_label)s_deadline_due"),
        ]
