"""The bytes of files, through Django's default storage: a folder by default, S3 in production."""

import hashlib
from collections.abc import Iterator
from typing import IO, Any, Protocol
from uuid import UUID

from django.core.files.base import File as DjangoFile
from django.core.files.storage import default_storage

from kelmah.ids import new_id

CHUNK = 64 * 1024


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class TooLong(Exception):
    """More bytes came than were announced."""


class _Counted:
    """A stream that counts and hashes what passes, and stops at the announced size."""

    def __init__(self, source: Readable, limit: int) -> None:
        self.source, self.limit = source, limit
        self.size, self.digest = 0, hashlib.sha256()

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        while block := self.source.read(CHUNK):
            self.size += len(block)
            if self.size > self.limit:
                raise TooLong
            self.digest.update(block)
            yield block


class _Upload(DjangoFile):
    """What a Django storage accepts, without ever holding the whole in memory."""

    def __init__(self, counted: _Counted) -> None:
        super().__init__(None)
        self.counted = counted

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        return self.counted.chunks(chunk_size)


def store(file_id: UUID, source: Readable, *, limit: int) -> tuple[str, int, str]:
    """Write the stream; returns its storage key, size and SHA-256 in hex. Raises TooLong, leaving nothing behind."""
    key = f"{str(file_id)[-2:]}/{file_id}/{new_id()}"
    counted = _Counted(source, limit)
    try:
        key = default_storage.save(key, _Upload(counted))
    except TooLong:
        default_storage.delete(key)
        raise
    return key, counted.size, counted.digest.hexdigest()


def open_stored(key: str) -> IO[Any]:
    """The stored bytes, open for reading. Raises FileNotFoundError."""
    return default_storage.open(key, "rb")


def remove(key: str) -> None:
    """Delete the bytes; nothing happens when they are gone already."""
    if key:
        default_storage.delete(key)
