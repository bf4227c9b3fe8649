"""The tables behind events: what a domain has yet to tell, and what it has yet to hear.

Both are keyed lease queues (``kelmah.events.queue``): rows of one key are taken in order; a taken row is leased until
``available_at``, not locked, and a crash frees it when the lease ends.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class OutboxBase(models.Model):
    """One row per event and listening domain, written in the transaction of the change it tells of."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    target = models.TextField()  # a domain, or "task" for the Celery broker
    topic = models.TextField()
    event_version = models.PositiveSmallIntegerField()
    key = models.TextField()
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    trace = models.JSONField(default=dict)
    available_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(db_default=0)
    dead_at = models.DateTimeField(null=True)
    last_error = models.TextField(db_default="")

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["target", "key", "id"], name="%(app_label)s_outbox_key")]
        constraints = [models.UniqueConstraint(fields=["event_id", "target"], name="%(app_label)s_outbox_once")]


class InboxBase(models.Model):
    """One row per event and handler; the mark ``completed_at`` commits together with the handler's effect."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    handler = models.TextField()
    source = models.TextField()
    topic = models.TextField()
    event_version = models.PositiveSmallIntegerField()
    key = models.TextField()
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    trace = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    available_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(db_default=0)
    completed_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    discarded_reason = models.TextField(db_default="")
    last_error = models.TextField(db_default="")

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["handler", "key", "id"],
                condition=Q(completed_at__isnull=True),
                name="%(app_label)s_inbox_key",
            ),
            # Claims read in order of id; without this they would walk over everything that was ever heard.
            models.Index(
                fields=["id"],
                condition=Q(completed_at__isnull=True, dead_at__isnull=True),
                name="%(app_label)s_inbox_due",
            ),
            models.Index(fields=["completed_at"], name="%(app_label)s_inbox_done"),
        ]
        constraints = [models.UniqueConstraint(fields=["event_id", "handler"], name="%(app_label)s_inbox_once")]
