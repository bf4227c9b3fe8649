from django.db import models

from kelmah.crypto import SealedField
from kelmah.db.models import DataKeyBase, DeadlineBase, IdempotencyKeyBase, InboxBase, OutboxBase


class Effect(models.Model):
    """One row per time that a handler had its effect: two rows for one number are one too many."""

    line = models.TextField()
    number = models.IntegerField()


class Tally(models.Model):
    """A projection: how many, and the last one."""

    line = models.TextField(unique=True)
    count = models.IntegerField(default=0)
    last = models.IntegerField(default=0)


class Errand(models.Model):
    """Work for the Celery worker; the sweep finds what a dead broker lost."""

    number = models.IntegerField(unique=True)
    done = models.IntegerField(default=0)


class Trouble(models.Model):
    """A line whose handler fails."""

    line = models.TextField(unique=True)


class Secret(models.Model):
    """Something of a person that is stored sealed."""

    owner_id = models.UUIDField()
    text = SealedField(subject="owner_id", place="probe.secret.text", null=True)


class Deadline(DeadlineBase):
    pass


class DataKey(DataKeyBase):
    pass


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass
