"""Who of staff looked as whom."""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import GreaterThanOrEqual

from domains.identity.models.people import User
from domains.identity.rules import impersonation as rules
from kelmah.db.models import UUIDModel


class Impersonation(UUIDModel):
    """Rows are never changed but for their end, and never deleted while the person has an account: they are the
    record of who saw what was theirs. ``ended_at``: before ``expires_at``."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="impersonations", db_index=False)
    staff = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=rules.LONGEST_REASON)
    staff_ip = models.GenericIPAddressField(null=True)
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(user=F("staff")), name="impersonation_of_somebody_else"),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(
                    Func(F("reason"), function="length", output_field=models.IntegerField()), rules.SHORTEST_REASON
                ),
                name="impersonation_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("begun_at"))
                & (Q(ended_at__isnull=True) | Q(ended_at__gte=F("begun_at"), ended_at__lte=F("expires_at"))),
                name="impersonation_times_in_order",
            ),
        ]
        indexes = [models.Index(fields=["user", "-begun_at"], name="impersonation_of_user")]

    def __str__(self) -> str:
        return f"{self.staff} as {self.user}"
