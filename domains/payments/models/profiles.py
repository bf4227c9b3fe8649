"""Who somebody is at a gateway."""

from django.db import models
from django.db.models import Q

from kelmah.db.models import UUIDModel


class GatewayProfile(UUIDModel):
    """Somebody's own record at a gateway: as ``payer``, whose cards it keeps, or as ``payee``, who is paid there.

    Its id is the key under which it is made there; ``ref`` is its name there, empty until it is made.
    """

    user_id = models.UUIDField()
    gateway = models.TextField()
    kind = models.TextField()
    ref = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["payer", "payee"]), name="profile_kind"),
            models.UniqueConstraint(fields=["user_id", "gateway", "kind"], name="profile_once"),
            models.UniqueConstraint(
                fields=["gateway", "kind", "ref"], condition=~Q(ref=""), name="profile_belongs_to_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.gateway}"
