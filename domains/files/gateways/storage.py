"""The bytes of files, through Django's default storage: a folder unless the settings name another."""

import hashlib
import io
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


class _Counted(io.RawIOBase):
    """A stream that counts and hashes what passes, and stops beyond the announced size."""

    def __init__(self, source: Readable, limit: int) -> None:
        self.source, self.limit = source, limit
        self.size, self.digest = 0, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        block = self.source.read(len(buffer))
        self.size += len(block)
        if self.size > self.limit:
            raise TooLong
        self.digest.update(block)
        buffer[: len(block)] = block
        return len(block)


def store(file_id: UUID, source: Readable, *, limit: int) -> tuple[str, int, str]:
    """Write the stream; returns its storage key, size and SHA-256 in hex. Whatever fails leaves nothing behind.

    Every upload gets a key of its own, and what lies under a key never changes. Raises TooLong.
    """
    key = f"{str(file_id)[-2:]}/{file_id}.{new_id()}"
    counted = _Counted(source, limit)
    try:
        default_storage.save(key, DjangoFile(io.BufferedReader(counted, CHUNK)))  # in blocks: never the whole in memory
    except BaseException:
        default_storage.delete(key)
        raise
    return key, counted.size, counted.digest.hexdigest()


def open_stored(key: str) -> IO[Any]:
    """The stored bytes, open for reading. Raises FileNotFoundError."""
    return default_storage.open(key, "rb")


def blocks_of(stored: IO[Any]) -> Iterator[bytes]:
    """The rest of an open file, block by block."""
    while block := stored.read(CHUNK):
        yield block


def remove(key: str) -> None:
    """Delete the bytes; nothing happens when they are gone already."""
    if key:
        default_storage.delete(key)
