"""The fast, forgettable store that all processes share: Redis. Nothing in it is the truth; losing it loses no money."""

import time
from functools import cache
from threading import Lock

import redis
from django.conf import settings

ANSWER_WITHIN = 0.25  # seconds; a slow store is worth no more than an absent one
QUIET_AFTER_FAILURE = 1.0

StoreDown = redis.RedisError

_lock = Lock()
_quiet_until: dict[str, float] = {}


def store() -> redis.Redis:
    """The client of this process. Raises StoreDown, at once for a second after a failure, so that requests don't queue
    up behind a dead server."""
    url: str = settings.REDIS_URL
    if time.monotonic() < _quiet_until.get(url, 0.0):
        raise redis.ConnectionError("the store failed a moment ago")
    return _client(url)


def mark_down() -> None:
    """Tell the other requests of this process that the store doesn't answer."""
    with _lock:
        _quiet_until[settings.REDIS_URL] = time.monotonic() + QUIET_AFTER_FAILURE


def is_up() -> bool:
    """Whether the store answers now."""
    try:
        return bool(_client(settings.REDIS_URL).ping())
    except StoreDown:
        return False


@cache
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=ANSWER_WITHIN, socket_connect_timeout=ANSWER_WITHIN)
