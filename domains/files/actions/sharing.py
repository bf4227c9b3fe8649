"""Letting others download a file."""

from collections.abc import Sequence
from uuid import UUID

from domains.files import rules
from domains.files.models import File, Grant
from kelmah import clock
from kelmah.db import atomic
from kelmah.interfaces.files.calls import FileNotAttachable


def share_files(*, ids: Sequence[UUID], owner_id: UUID, reader_ids: Sequence[UUID], context: str) -> list[File]:
    """Grant all of the owner's ready files to all readers, or none; sealed ones to nobody. Twice is once.

    Raises FileNotAttachable.
    """
    with atomic("files"):
        own = File.objects.filter(id__in=ids, owner_id=owner_id, state="ready").exclude(kind__in=rules.SEALED)
        found = {file.id: file for file in own}
        missing = [str(file_id) for file_id in ids if file_id not in found]
        if missing:
            raise FileNotAttachable(data={"file_ids": missing})
        now = clock.now()
        # In one order for all: two shares of the same files at once wait for each other's rows, never in a circle.
        pairs = sorted((file_id, reader_id) for file_id in found for reader_id in set(reader_ids))
        Grant.objects.bulk_create(
            [Grant(file_id=file, reader_id=reader, context=context, granted_at=now) for file, reader in pairs],
            ignore_conflicts=True,
        )
    return [found[file_id] for file_id in dict.fromkeys(ids)]
