"""The file with a domain's key-encryption keys: ``{"keks": [{"key": …, "wraps_from": …}], "index": …}``.

Of the keys whose time has come the newest wraps, and all unwrap; a key whose time is still to come can spread to every
machine before anything depends on it. ``index`` is for blind indexes alone. Keys are 32 random bytes in base64, and are
called by the first digits of their hash.
"""

import base64
import binascii
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

KEY_BYTES = 32


@dataclass(frozen=True)
class Kek:
    """A key-encryption key. It is not shown when the object is."""

    name: str
    key: bytes = field(repr=False)
    wraps_from: datetime


@dataclass(frozen=True)
class Ring:
    """The contents of one file, the newest key first."""

    keks: tuple[Kek, ...]
    index: bytes = field(repr=False)

    def wrapping(self, now: datetime) -> Kek:
        return next((kek for kek in self.keks if kek.wraps_from <= now), self.keks[-1])

    def named(self, name: str) -> Kek | None:
        return next((kek for kek in self.keks if kek.name == name), None)


def name_of(key: bytes) -> str:
    """What people may see of a key."""
    return hashlib.sha256(key).hexdigest()[:12]


def read(path: Path) -> Ring:
    """Raises OSError, and ValueError for anything but a file of keys."""
    try:
        found = json.loads(path.read_text())
        keks = [_kek(entry) for entry in found["keks"]]
        index = _decoded(found["index"])
    except (KeyError, TypeError, ValueError) as error:
        # Without the cause: its text may quote the file.
        raise ValueError(f"{path} is not a file of keys ({type(error).__name__})") from None
    if not keks:
        raise ValueError(f"{path} holds no key")
    return Ring(tuple(sorted(keks, key=lambda kek: kek.wraps_from, reverse=True)), index)


def write_new(path: Path, *, now: datetime) -> None:
    """A file with one key. Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(path)
    _write(path, keks=[_entry(secrets.token_bytes(KEY_BYTES), now)], index=secrets.token_bytes(KEY_BYTES))


def add(path: Path, *, wraps_from: datetime) -> Kek:
    """One key more, which wraps from that moment on."""
    ring = read(path)
    fresh = secrets.token_bytes(KEY_BYTES)
    _write(path, keks=[_entry(fresh, wraps_from), *_entries(ring.keks)], index=ring.index)
    return Kek(name_of(fresh), fresh, wraps_from)


def drop(path: Path, *, name: str) -> None:
    """Forget a key: what it wrapped is lost. Raises ValueError for the last one and for one that isn't there."""
    ring = read(path)
    kept = [kek for kek in ring.keks if kek.name != name]
    if not kept or len(kept) == len(ring.keks):
        raise ValueError(f"{path} has no key {name} besides another")
    _write(path, keks=_entries(kept), index=ring.index)


# Private functions


def _kek(entry: Mapping[str, str]) -> Kek:
    key, since = _decoded(entry["key"]), datetime.fromisoformat(entry["wraps_from"])
    if since.tzinfo is None:
        raise ValueError
    return Kek(name_of(key), key, since)


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError from None
    if len(key) != KEY_BYTES:
        raise ValueError
    return key


def _entry(key: bytes, wraps_from: datetime) -> dict[str, str]:
    return {"key": base64.b64encode(key).decode(), "wraps_from": wraps_from.isoformat()}


def _entries(keks: Iterable[Kek]) -> list[dict[str, str]]:
    return [_entry(kek.key, kek.wraps_from) for kek in keks]


def _write(path: Path, *, keks: list[dict[str, str]], index: bytes) -> None:
    content: dict[str, Any] = {"keks": keks, "index": base64.b64encode(index).decode()}
    # Renamed into place: nobody reads half a file.
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as output:
        json.dump(content, output, indent=1)
    partial.rename(path)
