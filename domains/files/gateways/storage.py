"""The bytes of files, through Django's default storage: a folder unless the settings name another."""

import hashlib
import io
from collections.abc import Iterator
from typing import IO, Any, Protocol
from uuid import UUID

from django.core.files.base import File as DjangoFile
from django.core.files.storage import default_storage

from domains.files.models import File
from kelmah.crypto import SealedReader, StreamSealer
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


class _Sealed(io.RawIOBase):
    """The sealed bytes of a stream, block by block."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.rest = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self.rest = self.rest or next(self.blocks, b"")
        given, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


def store(file_id: UUID, source: Readable, *, limit: int, sealer: StreamSealer | None = None) -> tuple[str, int, str]:
    """Write the stream, through the sealer if there is one; returns its storage key, and the size and SHA-256 in hex of
    what came. Whatever fails leaves nothing behind.

    Every upload gets a key of its own, and what lies under a key never changes. Raises TooLong.
    """
    key = f"{str(file_id)[-2:]}/{file_id}.{new_id()}"
    counted = _Counted(source, limit)
    written: io.RawIOBase = _Sealed(sealer.blocks(io.BufferedReader(counted, CHUNK))) if sealer else counted
    try:
        default_storage.save(key, DjangoFile(io.BufferedReader(written, CHUNK)))  # in blocks: never the whole in memory
    except BaseException:
        default_storage.delete(key)
        raise
    return key, counted.size, counted.digest.hexdigest()


def place_of(file_id: UUID) -> str:
    """Where a file's bytes are sealed to."""
    return f"files.file:{file_id}"


def open_stored(key: str) -> IO[Any]:
    """The stored bytes as they lie there, open for reading. Raises FileNotFoundError."""
    return default_storage.open(key, "rb")


def open_content(file: File) -> IO[Any]:
    """What was sent, open for reading, sealed or not. Raises FileNotFoundError; of sealed ones Shredded, Tampered,
    KeysUnavailable, some of it only while they are read."""
    stored = open_stored(file.storage_key)
    if file.sealed_for is None:
        return stored
    try:
        return io.BufferedReader(
            SealedReader("files", subject=file.sealed_for, place=place_of(file.id), source=stored), CHUNK
        )
    except BaseException:
        stored.close()
        raise


def blocks_of(stored: IO[Any]) -> Iterator[bytes]:
    """The rest of an open file, block by block."""
    while block := stored.read(CHUNK):
        yield block


def remove(key: str) -> None:
    """Delete the bytes; nothing happens when they are gone already."""
    if key:
        default_storage.delete(key)
