"""Hints: "something new is in the database". They may be lost; the database has the truth, and clients catch up.

A hint is a channel and bytes: eight of a sequence number (0 when it has none), then the frame as clients get it,
encoded once for everybody.
"""

import struct
from functools import cache

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

_HEAD = struct.Struct(">Q")


def pack(frame: bytes, *, seq: int = 0) -> bytes:
    return _HEAD.pack(seq) + frame


def unpack(hint: bytes) -> tuple[int, str]:
    """The sequence number and the frame as text."""
    return _HEAD.unpack_from(hint)[0], hint[_HEAD.size :].decode()


def give_hint(channel: str, hint: bytes) -> None:
    """Publish from synchronous code, after the commit. A dead Redis loses the hint and nothing else."""
    try:
        _client(settings.REDIS_URL).publish(channel, hint)
    except redis.RedisError as error:
        log.warning("hint_lost", channel=channel, error=type(error).__name__)


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
