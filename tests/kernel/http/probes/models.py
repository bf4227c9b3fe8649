from django.db import models

from kelmah.db.models import IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel


class Note(UUIDModel):
    """The effect of a request: counted by tests."""

    text = models.TextField()
    rank = models.IntegerField(default=0)
    written_at = models.DateTimeField()


class IdempotencyKey(IdempotencyKeyBase):
    pass


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass
