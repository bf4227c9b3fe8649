"""The first answer to every Idempotency-Key, kept beside the effect it had."""

from django.db import models


class IdempotencyKeyBase(models.Model):
    """One row per (caller, route, key). ``effect_at`` is written in the transaction of the effect itself."""

    caller = models.TextField()
    route = models.TextField()
    key = models.CharField(max_length=255)
    request_hash = models.BinaryField(max_length=32)
    locked_at = models.DateTimeField()
    effect_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["caller", "route", "key"], name="%(app_label)s_idempotency_key")]
        indexes = [models.Index(fields=["created_at"], name="%(app_label)s_idempotency_age")]
