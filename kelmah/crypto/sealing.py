"""Sealing values: ``version 1 | generation 4 | nonce 12 | AES-256-GCM(data) + tag 16``, 33 bytes more than the data.

Domain and place are authenticated with it, and the key is the subject's: what is moved to another row, column, person
or domain does not open.
"""

import hmac
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kelmah.crypto import data_keys
from kelmah.crypto.errors import Tampered
from kelmah.crypto.kms import kms_of

_HEADER: Final = struct.Struct(">BI")
_VERSION, _NONCE, _TAG = 1, 12, 16
OVERHEAD: Final = _HEADER.size + _NONCE + _TAG


@dataclass(frozen=True)
class Cell:
    """A sealed value, and whose and where it is."""

    subject: UUID
    place: str
    sealed: bytes = field(repr=False)


def seal(domain: str, *, subject: UUID, place: str, data: bytes) -> bytes:
    """Encrypt under the subject's key of this domain, inside ``atomic(domain)``.

    ``place`` is "model.field:row id". Raises Shredded, KeysUnavailable.
    """
    generation, key = data_keys.sealing_key(domain, subject)
    header, nonce = _HEADER.pack(_VERSION, generation), os.urandom(_NONCE)
    return header + nonce + AESGCM(key).encrypt(nonce, data, _bound(header, domain, place))


def unseal(domain: str, *, subject: UUID, place: str, sealed: bytes) -> bytes:
    """What was sealed for this subject and place. Raises Shredded, Tampered, KeysUnavailable."""
    return _open(domain, Cell(subject, place, sealed), data_keys.reading_key(domain, subject, generation_of(sealed)))


def unseal_many(domain: str, cells: Sequence[Cell]) -> list[bytes | None]:
    """In their order, with one query for all keys; None for what was shredded. Raises Tampered, KeysUnavailable."""
    names = [(cell.subject, generation_of(cell.sealed)) for cell in cells]
    keys = data_keys.reading_keys(domain, names)
    found = ((cell, keys[name]) for cell, name in zip(cells, names, strict=True))
    return [None if key is None else _open(domain, cell, key) for cell, key in found]


def generation_of(sealed: bytes) -> int:
    """Which of the subject's keys sealed this. Raises Tampered."""
    if len(sealed) < OVERHEAD or sealed[0] != _VERSION:
        raise Tampered("These bytes were not sealed by us.")
    return int(_HEADER.unpack_from(sealed)[1])


def blind_index(name: str, text: str) -> bytes:
    """32 bytes, the same for the same text, that tell nothing of it to who lacks the key: for lookups and uniqueness.

    ``name`` begins with the domain ("identity.document_number"); what should be found as equal, the caller makes equal
    first. Raises KeysUnavailable.
    """
    domain, dot, _ = name.partition(".")
    if not dot:
        raise ValueError(f"{name!r} does not begin with a domain")
    return hmac.digest(kms_of(domain).index_key(), f"{name}\0{text}".encode(), "sha256")


# Private functions


def _bound(header: bytes, domain: str, place: str) -> bytes:
    if not place:
        raise ValueError("a sealed value has a place")
    return header + f"kelmah.seal\0{domain}\0{place}".encode()


def _open(domain: str, cell: Cell, key: bytes) -> bytes:
    start = _HEADER.size + _NONCE
    header, nonce, data = cell.sealed[: _HEADER.size], cell.sealed[_HEADER.size : start], cell.sealed[start:]
    try:
        return AESGCM(key).decrypt(nonce, data, _bound(header, domain, cell.place))
    except InvalidTag:
        raise Tampered(f"What is at {cell.place} was not sealed there for this subject.") from None
