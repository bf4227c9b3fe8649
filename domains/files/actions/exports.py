"""Copies of people's data: parts put aside as the domains bring them, packed into one archive with the files."""

import shutil
import tempfile
import zipfile
from typing import IO, Any, Final
from uuid import UUID

from domains.files import rules
from domains.files.gateways import storage
from domains.files.models import ExportPart, File
from kelmah import clock, crypto
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.files.events import ExportPacked

_READ_ME: Final = """A copy of everything that Kelmah keeps about you.

One folder for each part of Kelmah, with JSON files: one list of records each, under the names of our tables. Times are
UTC, amounts are in minor units of their currency. files/content holds what you uploaded. Passwords, keys and other
secrets are not in it: we keep them only in forms that tell nothing.
"""


def keep_part(*, request_id: UUID, owner_id: UUID, name: str, content: str) -> None:
    """Put a part aside, sealed; the same name again replaces it. Raises Shredded, KeysUnavailable."""
    with atomic("files"):
        sealed = crypto.seal("files", subject=owner_id, place=_place(request_id, name), data=content.encode())
        ExportPart.objects.update_or_create(
            request_id=request_id,
            name=name,
            defaults={"owner_id": owner_id, "content": sealed, "created_at": clock.now()},
        )


def pack_soon(*, request_id: UUID, user_id: UUID) -> None:
    with atomic("files"):
        enqueue("files.pack_export", request_id=str(request_id), user_id=str(user_id))


def pack(*, request_id: UUID, user_id: UUID) -> None:
    """One sealed archive of all parts and all files, and word of it. The archive bears the id of the request: again is
    safe. Raises Shredded for somebody who was erased meanwhile."""
    if not File.objects.filter(id=request_id).exists():
        with tempfile.TemporaryFile() as archive:
            _fill(archive, request_id, user_id)
            size = archive.tell()
            archive.seek(0)
            _store(archive, size=size, file_id=request_id, owner_id=user_id)
    file = File.objects.get(id=request_id)
    with atomic("files"):
        ExportPart.objects.filter(request_id=request_id).delete()
        publish(
            ExportPacked(
                request_id=request_id,
                user_id=user_id,
                file_id=file.id,
                size=file.size,
                expires_at=file.created_at + rules.EXPORT_KEPT,
            )
        )


def sweep_exports() -> int:
    """Remove archives that are a week old, and parts that were never packed; returns how many archives."""
    long_ago = clock.now() - rules.EXPORT_KEPT
    with atomic("files"):
        ExportPart.objects.filter(created_at__lt=long_ago).delete()
        old = list(File.objects.filter(kind="export", state="ready", created_at__lt=long_ago).select_for_update())
        for file in old:
            file.state = rules.FILE.check("erase", file.state)
            file.save_change("state")
    for file in old:
        storage.remove(file.storage_key)
        with atomic("files"):
            File.objects.filter(id=file.id).update(storage_key="")
    return len(old)


# Private functions


def _place(request_id: UUID, name: str) -> str:
    return f"files.exportpart.content:{request_id}/{name}"


def _fill(archive: IO[bytes], request_id: UUID, user_id: UUID) -> None:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("READ ME.txt", _READ_ME)
        for part in ExportPart.objects.filter(request_id=request_id, owner_id=user_id).order_by("name").iterator(20):
            opened = crypto.unseal(
                "files", subject=user_id, place=_place(request_id, part.name), sealed=bytes(part.content)
            )
            packed.writestr(part.name, opened)
        for file in File.objects.filter(owner_id=user_id, state="ready").exclude(kind__in=rules.MADE).order_by("id"):
            try:
                content: IO[Any] = storage.open_content(file)
            except FileNotFoundError:
                continue  # the sweep was here first
            with content, packed.open(f"files/content/{file.id}-{file.name}", "w", force_zip64=True) as target:
                shutil.copyfileobj(content, target, storage.CHUNK)
    archive.seek(0, 2)


def _store(archive: IO[bytes], *, size: int, file_id: UUID, owner_id: UUID) -> None:
    with atomic("files"):  # the key is there before anything is sealed under it
        sealer = crypto.stream_sealer("files", subject=owner_id, place=storage.place_of(file_id))
    key, _, sha256 = storage.store(file_id, archive, limit=size, sealer=sealer)
    now = clock.now()
    file = File(
        id=file_id,
        owner_id=owner_id,
        kind="export",
        name=f"kelmah-{now:%Y-%m-%d}.zip",
        content_type="application/zip",
        size=size,
        sha256=sha256,
        storage_key=key,
        state="ready",
        created_at=now,
        completed_at=now,
    )
    with atomic("files"):
        File.objects.bulk_create([file], ignore_conflicts=True)  # the task may run twice at once
    if not File.objects.filter(id=file_id, storage_key=key).exists():
        storage.remove(key)
