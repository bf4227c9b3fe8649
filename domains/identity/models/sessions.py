"""Devices that are logged in, and how often a login failed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact

from domains.identity import rules
from domains.identity.models.people import User
from kelmah.db.models import UUIDModel


class LoginGuard(models.Model):
    """How often a password was wrong of late. One row per account tried, and one per login of nobody, so that the two
    cost the same and look the same; another one per account for its second factors, which no right password clears."""

    key = models.CharField(primary_key=True, max_length=80)
    failures = models.PositiveSmallIntegerField(default=0)
    last_failed_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(failures__range=(0, rules.LOCK_AFTER - 1)), name="guard_failures"),
            models.CheckConstraint(
                condition=Q(key__regex=r"^((user|factor):[0-9a-f-]{36}|login:[0-9a-f]{64})$"), name="guard_key"
            ),
        ]
        indexes = [models.Index(fields=["last_failed_at"], name="guard_age")]

    def __str__(self) -> str:
        return self.key


def bytes_in(column: str) -> Func:
    """How long a hash is."""
    return Func(F(column), function="octet_length", output_field=models.IntegerField())


def _by_password() -> list[str]:
    return ["pwd"]


class AuthSession(UUIDModel):
    """One device that is logged in. Of refresh tokens only hashes: of the current one and the one before."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sessions", db_index=False)
    current_hash = models.BinaryField(max_length=32)
    previous_hash = models.BinaryField(max_length=32, null=True)
    rotated_at = models.DateTimeField(null=True)
    rotations = models.PositiveIntegerField(default=0)
    amr = ArrayField(models.CharField(max_length=10), default=_by_password)  # RFC 8176: how they proved who they are
    auth_time = models.DateTimeField()
    stepped_up_at = models.DateTimeField(null=True)  # when they last proved it again, by the strongest they have
    device_name = models.CharField(max_length=200, blank=True)
    device_kind = models.CharField(max_length=120, blank=True, db_default="")  # as rules.devices.kind_of reads it
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    idle_expires_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoke_reason = models.TextField(blank=True, default="")
    company_id = models.UUIDField(null=True)  # for which they act; asked again whenever tokens are made

    class Meta:
        permissions = [("revoke_session", "Can end sessions")]
        constraints = [
            models.CheckConstraint(condition=Exact(bytes_in("current_hash"), 32), name="session_hash"),
            models.CheckConstraint(
                condition=Q(previous_hash__isnull=True, rotated_at__isnull=True, rotations=0)
                | Q(previous_hash__isnull=False, rotated_at__isnull=False, rotations__gt=0)
                & Q(Exact(bytes_in("previous_hash"), 32))
                & ~Q(current_hash=F("previous_hash")),
                name="session_rotated_as_a_whole",
            ),
            models.CheckConstraint(
                condition=Q(created_at__lte=F("last_used_at"), auth_time__lte=F("last_used_at"))
                & Q(last_used_at__lt=F("idle_expires_at"), idle_expires_at__lte=F("expires_at")),
                name="session_times_in_order",
            ),
            models.CheckConstraint(
                condition=Q(stepped_up_at__isnull=True) | Q(stepped_up_at__gte=F("auth_time")),
                name="session_stepped_up_later",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoke_reason="")
                | Q(revoked_at__isnull=False, revoke_reason__in=rules.END_REASONS),
                name="session_end_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="session_of_user")]

    def __str__(self) -> str:
        return self.device_name or "a device"
