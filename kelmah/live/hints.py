"""Hints: word through Redis that something new is in the database. They may be lost; whoever misses one finds out by
sequence and reads the database.

A hint is 16 bytes and a frame, which was encoded once for everybody: the epoch of the process that gives the hint, and
the frame's sequence number, 0 for frames that are not numbered and that nobody will miss.
"""

import secrets
import struct
from typing import Final, NamedTuple

import structlog

from kelmah.http.store import StoreDown, mark_down, store

log = structlog.get_logger(__name__)

_HEAD = struct.Struct(">8sQ")

# One life of one process. A live process skips the hints of its own epoch: its sockets have those frames already.
EPOCH: Final = secrets.token_bytes(8)
_NOBODYS: Final = bytes(8)


class Hint(NamedTuple):
    """``frame`` is what clients get, as UTF-8."""

    epoch: bytes
    seq: int
    frame: bytes


def channel_of(topic: str) -> str:
    """The Redis channel that carries the hints of a topic."""
    return f"live:{topic}"


def pack(frame: bytes, *, seq: int = 0, epoch: bytes = _NOBODYS) -> bytes:
    return _HEAD.pack(epoch, seq) + frame


def unpack(hint: bytes) -> Hint:
    """Raises ValueError for what is no hint."""
    if len(hint) < _HEAD.size:
        raise ValueError("too short for a hint")
    epoch, seq = _HEAD.unpack_from(hint)
    return Hint(epoch, seq, hint[_HEAD.size :])


def give_hint(topic: str, frame: bytes, *, seq: int = 0) -> None:
    """Tell every live process, from synchronous code, after the commit. A dead Redis loses the hint, nothing else."""
    try:
        store().publish(channel_of(topic), pack(frame, seq=seq))
    except StoreDown as error:
        mark_down()
        log.warning("hint_lost", topic=topic, error=type(error).__name__)
