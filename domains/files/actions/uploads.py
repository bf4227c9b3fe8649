"""From the announcement of a file to its bytes, checked."""

from uuid import UUID

from domains.files import queries, rules
from domains.files.gateways import pictures, storage
from domains.files.models import File
from kelmah import clock, crypto
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.principal import Principal


def announce_upload(*, by: Principal, name: str, content_type: str, size: int, kind: str) -> File:
    """A place for a file that will come. Raises InvalidInput for a name, type or size that is not taken."""
    rules.check_announcement(kind=kind, name=name, content_type=content_type, size=size)
    with atomic("files"):
        return File.objects.create(
            owner_id=by.user_id,
            kind=kind,
            name=name,
            content_type=content_type,
            size=size,
            created_at=clock.now(),
        )


def receive_content(*, file_id: UUID, source: storage.Readable, length: int | None = None) -> File:
    """Store the bytes of an announced file; sent again before completion, the newest replace the older.

    ``length`` is what the sender says will come, if they do: a wrong one is refused before a byte is read. The bytes
    are written before the row is locked: a slow phone must not hold a lock. Raises NotFound, SizeNotAsAnnounced,
    InvalidTransition; of what is sealed Shredded, KeysUnavailable.
    """
    announced = File.objects.filter(id=file_id).first()
    if announced is None:
        raise NotFound("There is no such upload.")
    rules.FILE.check("receive", announced.state)
    if length is not None and length != announced.size:
        raise rules.SizeNotAsAnnounced(data={"announced": announced.size, "sent": length})
    try:
        key, size, sha256 = storage.store(file_id, source, limit=announced.size, sealer=_sealer_for(announced))
    except storage.TooLong:
        raise rules.SizeNotAsAnnounced(data={"announced": announced.size}) from None
    try:
        if size != announced.size:
            raise rules.SizeNotAsAnnounced(data={"announced": announced.size, "sent": size})
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

    Raises NotFound, NotUploadedYet, ChecksumMismatch, ContentNotAsDeclared, UploadChanged.
    """
    file = queries.access_upload(file_id=file_id, by=by)
    if file.state == "pending":
        raise rules.NotUploadedYet()
    if sha256 is not None and sha256 != file.sha256:
        raise rules.ChecksumMismatch(data={"received": file.sha256})
    if file.state == "uploaded":
        file = _judge(file, honest=_is_as_declared(file))
    if file.state == "failed":
        raise rules.ContentNotAsDeclared(data={"state": "failed", "content_type": file.content_type})
    return file


def sweep_uploads(*, batch: int = 500) -> int:
    """Give up what was announced a day ago and never completed, and delete the bytes of all that is given up or failed.

    Returns how many files were given up.
    """
    given_up = 0
    while marked := _give_up(batch):
        given_up += marked
    # After the commit, and noted when done: what a crash leaves behind, the next sweep deletes.
    while leftovers := list(queries.leftovers()[:batch]):
        for file in leftovers:
            storage.remove(file.storage_key)
            with atomic("files"):
                File.objects.filter(id=file.id).update(storage_key="")
    return given_up


# Private functions


def _sealer_for(file: File) -> crypto.StreamSealer | None:
    if file.sealed_for is None:
        return None
    with atomic("files"):  # the key is there before anything is sealed under it
        return crypto.stream_sealer("files", subject=file.sealed_for, place=storage.place_of(file.id))


def _is_as_declared(file: File) -> bool:
    try:
        with storage.open_content(file) as stored:
            if not rules.looks_like(file.content_type, storage.blocks_of(stored)):
                return False
            stored.seek(0)
            return not rules.is_picture(file.content_type) or pictures.decodes_as(
                file.content_type, stored, pixel_cap=rules.PIXEL_CAP
            )
    except FileNotFoundError:
        raise rules.UploadChanged() from None  # replaced by another upload, or swept, since the row was read


def _judge(seen: File, *, honest: bool) -> File:
    with atomic("files"):
        file = queries.lock_file(seen.id)  # another completion, other bytes or the sweep may have been first
        if file.storage_key != seen.storage_key or file.state == "deleted":
            raise rules.UploadChanged()
        if file.state == "uploaded":
            file.state = rules.FILE.check("complete" if honest else "reject", file.state)
            file.failure = "" if honest else rules.ContentNotAsDeclared.code
            file.completed_at = clock.now()
            file.save_change("state", "failure", "completed_at")
    return file


def _give_up(limit: int) -> int:
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
    return len(abandoned)
