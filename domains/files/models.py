"""Tables of files."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from domains.files import rules
from kelmah.db.models import DataKeyBase, IdempotencyKeyBase, InboxBase, OutboxBase, UUIDModel, Versioned


class File(UUIDModel, Versioned):
    """One upload, from its announcement on. ``storage_key`` names the bytes; ``size`` counts them.

    A ready file stays as it was checked (a trigger sees to it).
    """

    owner_id = models.UUIDField()
    kind = models.TextField()
    name = models.TextField()
    content_type = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    storage_key = models.TextField(blank=True)
    state = models.TextField(default=rules.FILE.initial)
    failure = models.TextField(blank=True)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=sorted(rules.FILE.states)), name="file_state"),
            models.CheckConstraint(condition=Q(kind__in=sorted(rules.KINDS)), name="file_kind"),
            models.CheckConstraint(condition=Q(size__gt=0), name="file_size_positive"),
            models.CheckConstraint(condition=Q(name__gt="", content_type__gt=""), name="file_named"),
            models.CheckConstraint(
                condition=~Q(state__in=["uploaded", "ready"]) | Q(sha256__regex="^[0-9a-f]{64}$", storage_key__gt=""),
                name="file_received_has_bytes",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ready", "failed"], completed_at__isnull=False)
                | Q(state__in=["pending", "uploaded"], completed_at__isnull=True)
                | Q(state="deleted"),
                name="file_judged_has_date",
            ),
            models.CheckConstraint(
                condition=Q(state="failed", failure__gt="") | ~Q(state="failed") & Q(failure=""),
                name="file_failed_has_reason",
            ),
            models.UniqueConstraint(fields=["storage_key"], condition=Q(storage_key__gt=""), name="file_bytes_once"),
        ]
        indexes = [
            models.Index(fields=["owner_id", "-created_at", "-id"], name="file_of_owner"),
            models.Index(fields=["created_at"], condition=Q(state__in=["pending", "uploaded"]), name="file_abandoned"),
            models.Index(
                fields=["id"],
                condition=Q(state__in=["failed", "deleted"]) & ~Q(storage_key=""),
                name="file_leftover",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sealed_for(self) -> UUID | None:
        """Under whose key the bytes are encrypted; None where they are not."""
        return self.owner_id if rules.KINDS[self.kind].sealed else None


class Grant(models.Model):
    """Somebody besides the owner who may download a file, and where it was attached."""

    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="grants")
    reader_id = models.UUIDField()
    context = models.TextField()
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "reader_id", "context"], name="grant_once"),
            models.CheckConstraint(condition=Q(context__gt=""), name="grant_has_context"),
        ]
        indexes = [models.Index(fields=["reader_id", "file"], name="grant_of_reader")]

    def __str__(self) -> str:
        return f"{self.context} for {self.reader_id}"


class ExportPart(models.Model):
    """What one domain brought of a copy of somebody's data, sealed, until all of it is packed."""

    request_id = models.UUIDField()
    owner_id = models.UUIDField()
    name = models.TextField()
    content = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request_id", "name"], name="export_part_once"),
            models.CheckConstraint(condition=Q(name__regex="^[a-z]+/[a-z_.0-9]+$"), name="export_part_named"),
        ]
        indexes = [
            models.Index(fields=["owner_id"], name="export_part_of"),
            models.Index(fields=["created_at"], name="export_part_age"),
        ]

    def __str__(self) -> str:
        return self.name


class Outbox(OutboxBase):
    pass


class Inbox(InboxBase):
    pass


class IdempotencyKey(IdempotencyKeyBase):
    pass


class DataKey(DataKeyBase):
    pass
