"""Identity and version of a row."""

from typing import Any

from django.db import models

from kelmah.ids import new_id


class UUIDModel(models.Model):
    """A row named by a UUIDv7."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True


class Versioned(models.Model):
    """A row whose every change raises ``version``, which clients see as its ETag."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    def save_change(self, *fields: str) -> None:
        """Write the named fields and raise the version by one. The row must be locked by the caller."""
        self.version += 1
        changed: Any = [*fields, "version"]
        self.save(update_fields=changed)
