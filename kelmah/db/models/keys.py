"""Keys of people's data: destroying one makes everything that was sealed under it unreadable, backups included."""

from django.db import models
from django.db.models import Q


class DataKeyBase(models.Model):
    """A key of one subject's data, wrapped by the key-encryption key that ``kek`` names.

    The newest generation seals, every generation unseals. A row without ``wrapped`` is the stone on a destroyed key:
    it stays, so that nobody makes the subject a new one.
    """

    subject_id = models.UUIDField()
    generation = models.PositiveIntegerField()
    wrapped = models.BinaryField(null=True)
    kek = models.TextField(blank=True)
    created_at = models.DateTimeField()
    rewrapped_at = models.DateTimeField(null=True)
    shredded_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "generation"], name="%(app_label)s_datakey_once"),
            models.CheckConstraint(
                condition=Q(shredded_at__isnull=True, wrapped__isnull=False, kek__gt="")
                | Q(shredded_at__isnull=False, wrapped__isnull=True, kek=""),
                name="%(app_label)s_datakey_destroyed_or_whole",
            ),
        ]
        indexes = [models.Index(fields=["kek", "id"], name="%(app_label)s_datakey_kek")]
