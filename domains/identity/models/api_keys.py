"""Keys with which programs speak for somebody."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact

from domains.identity.models.people import User
from domains.identity.models.sessions import bytes_in
from domains.identity.rules import api_keys as rules
from kelmah.db.models import UUIDModel


class ApiKey(UUIDModel):
    """``prefix`` is the part that may be seen. ``successor_id``: the key that it was rotated to."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys", db_index=False)
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.BinaryField(max_length=32)
    mode = models.TextField()
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.GenericIPAddressField(null=True)
    revoked_at = models.DateTimeField(null=True)
    successor_id = models.UUIDField(null=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(name__gt=""), name="api_key_has_a_name"),
            models.CheckConstraint(condition=Q(mode__in=rules.MODES), name="api_key_mode"),
            models.CheckConstraint(condition=Q(prefix__regex=r"^kk_(live|test)_[0-9a-f]{8}$"), name="api_key_prefix"),
            models.CheckConstraint(condition=Exact(bytes_in("secret_hash"), 32), name="api_key_hash"),
            models.CheckConstraint(
                condition=Q(scopes__len__gt=0, scopes__contained_by=list(rules.SCOPES)), name="api_key_scopes"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="api_key_times_in_order"),
            models.CheckConstraint(
                condition=Q(successor_id__isnull=True) | ~Q(successor_id=F("id")), name="api_key_successor"
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="api_key_of_user")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
