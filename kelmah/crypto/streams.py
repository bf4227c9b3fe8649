"""Sealing files: the scheme of values, in blocks, so that neither end holds more than one in memory.

``version 1 | generation 4 | salt 32``, then blocks of 64 KiB, each with its tag. A file has a key of its own, made from
the subject's by HKDF with the salt, the domain and the place; a block's nonce is its number and whether it is the last:
blocks that are swapped, repeated, dropped or cut off do not open.
"""

import io
import os
import struct
from collections.abc import Iterator
from typing import IO, Any, Final, Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kelmah.crypto import data_keys
from kelmah.crypto.errors import Tampered

BLOCK: Final = 64 * 1024
_HEADER: Final = struct.Struct(">BI32s")
_NUMBER: Final = struct.Struct(">xxxxxxxIB")
_VERSION, _TAG = 1, 16


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class StreamSealer:
    """Made inside ``atomic(domain)`` and used after it: bytes may come slowly."""

    def __init__(self, domain: str, place: str, key: data_keys.DataKey) -> None:
        self._header = _HEADER.pack(_VERSION, key.generation, os.urandom(32))
        self._cipher = _cipher(key.key, self._header, domain, place)

    def blocks(self, source: Readable) -> Iterator[bytes]:
        """The sealed bytes of everything that the source gives. Once: a second file needs another sealer."""
        header, self._header = self._header, b""
        if not header:
            raise RuntimeError("a sealer seals one file")
        yield header
        number, block = 0, _full(source)
        while True:
            following = _full(source) if len(block) == BLOCK else b""
            yield self._cipher.encrypt(_NUMBER.pack(number, not following), block, header)
            if not following:
                return
            number, block = number + 1, following


def stream_sealer(domain: str, *, subject: UUID, place: str) -> StreamSealer:
    """Raises Shredded, KeysUnavailable."""
    return StreamSealer(domain, place, data_keys.sealing_key(domain, subject))


class SealedReader(io.RawIOBase):
    """The bytes that were sealed, from a file that can be sought; a block that does not open raises Tampered."""

    def __init__(self, domain: str, *, subject: UUID, place: str, source: IO[Any]) -> None:
        self._source = source
        source.seek(0)
        self._header = source.read(_HEADER.size)
        if len(self._header) < _HEADER.size or self._header[0] != _VERSION:
            raise Tampered("This file was not sealed by us.")
        _, generation, _ = _HEADER.unpack(self._header)
        self._cipher = _cipher(data_keys.reading_key(domain, subject, generation), self._header, domain, place)
        sealed = source.seek(0, os.SEEK_END) - _HEADER.size
        self._count = -(-sealed // (BLOCK + _TAG))
        self._size = sealed - self._count * _TAG
        if self._count < 1 or self._size < (self._count - 1) * BLOCK:
            raise Tampered("This file was cut off.")
        self._at = 0
        self._block: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        if self._at >= self._size:
            if self._size == 0:
                self._open(0)  # an empty file is sealed, too
            return 0
        number, offset = divmod(self._at, BLOCK)
        found = self._open(number)[offset : offset + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        self._source.close()
        super().close()

    # Private functions

    def _open(self, number: int) -> bytes:
        if self._block[0] != number:
            self._source.seek(_HEADER.size + number * (BLOCK + _TAG))
            sealed, last = self._source.read(BLOCK + _TAG), number == self._count - 1
            try:
                self._block = number, self._cipher.decrypt(_NUMBER.pack(number, last), sealed, self._header)
            except (InvalidTag, ValueError):
                raise Tampered("A block of this file was changed, moved or cut off.") from None
        return self._block[1]


# Private functions


def _cipher(key: bytes, header: bytes, domain: str, place: str) -> AESGCM:
    _, _, salt = _HEADER.unpack(header)
    told = f"kelmah.file.v1\0{domain}\0{place}".encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=told).derive(key))


def _full(source: Readable) -> bytes:
    """A whole block, however little the source gives at a time; less only at its end."""
    found = bytearray()
    while len(found) < BLOCK and (piece := source.read(BLOCK - len(found))):
        found += piece
    return bytes(found)
