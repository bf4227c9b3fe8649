from django.db import models

from kelmah.db.models import IdempotencyKeyBase, InboxBase, OutboxBase


class Effect(models.Model):
    """What a handler wrote, and when it began to, on the machine's monotonic clock."""

    line = models.TextField()
    number = models.IntegerField()
    subject_id = models.UUIDField()
    begun = models.FloatField()


class Tally(models.Model):
    """A projection: how many of each line, and the last."""

    line = models.TextField(unique=True)
    count = models.IntegerField()
    last = models.IntegerField()


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
