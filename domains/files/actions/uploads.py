"""From the announcement of a file to its bytes, checked."""

from uuid import UUID

from domains.files import queries, rules
from domains.files.gateways import pictures, storage
from domains.files.models import File
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.principal import Principal


def announce_upload(*, by: Principal, name: str, content_type: str, size: int, kind: str) -> File:
    """A place for a file that will come. Raises InvalidInput for a type or size that is not taken."""
    rules.check_announcement(kind=kind, content_type=content_type, size=size)
    with atomic("files"):
        return File.objects.create(
            owner_id=by.user_id,
            kind=kind,
            name=name,
            content_type=content_type,
            size=size,
            created_at=clock.now(),
        )


def receive_content(*, file_id: UUID, source: storage.Readable) -> File:
    """Store the bytes of an announced file; sent again before completion, the newest replace the older.

    The bytes are written before the row is locked: a slow phone must not hold a lock. Raises NotFound,
    SizeNotAsAnnounced, InvalidTransition.
    """
    announced = File.objects.filter(id=file_id).first()
    if announced is None:
        raise NotFound("There is no such upload.")
    rules.FILE.check("receive", announced.state)
    try:
        key, size, sha256 = storage.store(file_id, source, limit=announced.size)
    except storage.TooLong:
        raise rules.SizeNotAsAnnounced(data={"announced": announced.size}) from None
    if size != announced.size:
        storage.remove(key)
        raise rules.SizeNotAsAnnounced(data={"announced": announced.size, "received": size})
    try:
        with atomic("files"):
            file = queries.lock_file(file_id)  # completion, or another upload of the same file, may be under way
            file.state = rules.FILE.check("receive", file.state)
            replaced, file.storage_key, file.sha256 = file.storage_key, key, sha256
            file.save_change("state", "storage_key", "sha256")
    except BaseException:
        storage.remove(key)
        raise
    storage.remove(replaced)
    return file


def complete_upload(*, file_id: UUID, by: Principal, sha256: str | None) -> File:
    """Look at the bytes and say whether they are what they were announced to be. Asked again, it answers the same.

    Raises NotFound, NotUploadedYet, ChecksumMismatch, ContentNotAsDeclared.
    """
    seen = queries.access_upload(file_id=file_id, by=by)
    if seen.state == "pending":
        raise rules.NotUploadedYet()
    if sha256 is not None and sha256 != seen.sha256:
        raise rules.ChecksumMismatch(data={"received": seen.sha256})
    if seen.state == "uploaded":
        seen = _judge(seen, honest=_is_as_declared(seen))
    if seen.state == "failed":
        raise rules.ContentNotAsDeclared(data={"state": "failed", "content_type": seen.content_type})
    return seen


def sweep_abandoned(*, limit: int = 500) -> int:
    """Delete what was announced a day ago and never completed; returns how many files that were."""
    with atomic("files"):
        # Two sweeps at once take different rows; an upload that is just being received keeps its row.
        abandoned = list(
            File.objects.select_for_update(skip_locked=True)
            .filter(state__in=["pending", "uploaded"], created_at__lt=clock.now() - rules.ABANDONED_AFTER)
            .order_by("created_at")[:limit]
        )
        for file in abandoned:
            file.state = rules.FILE.check("abandon", file.state)
            file.save_change("state")
    for file in abandoned:
        storage.remove(file.storage_key)
    return len(abandoned)


# Private functions


def _is_as_declared(file: File) -> bool:
    with storage.open_stored(file.storage_key) as stored:
        if not rules.looks_like(file.content_type, stored.read(1024)):
            return False
        stored.seek(0)
        return not rules.is_picture(file.content_type) or pictures.decodes_as(
            file.content_type, stored, pixel_cap=rules.PIXEL_CAP
        )


def _judge(seen: File, *, honest: bool) -> File:
    with atomic("files"):
        file = queries.lock_file(seen.id)
        # Judged by somebody else meanwhile, or replaced by other bytes than those that were looked at.
        if file.state != "uploaded" or file.storage_key != seen.storage_key:
            rules.FILE.check("accept", file.state if file.state != "uploaded" else "pending")
        file.state = rules.FILE.check("accept" if honest else "reject", file.state)
        file.failure = "" if honest else rules.ContentNotAsDeclared.code
        file.completed_at = clock.now()
        file.save_change("state", "failure", "completed_at")
    return file
