"""Where anybody can pay into an owner's account."""

from django.db import models
from django.db.models import Q

from kelmah.db.models import UUIDModel


class VirtualAddress(UUIDModel):
    """A bank account number or a QR code at a gateway that stands for one owner's purpose, for ever.

    Its id is the key under which it is opened there; ``ref`` is its name there, empty until it is open. ``data``: the
    texts to show whoever pays.
    """

    owner = models.TextField()
    purpose = models.TextField()
    currency = models.CharField(max_length=3)
    gateway = models.TextField()
    ref = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "virtual addresses"
        constraints = [
            models.UniqueConstraint(fields=["owner", "purpose", "currency"], name="address_once"),
            models.UniqueConstraint(fields=["gateway", "ref"], condition=~Q(ref=""), name="address_stands_for_one"),
        ]

    def __str__(self) -> str:
        return f"{self.owner} {self.purpose}"
