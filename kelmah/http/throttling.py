"""Rate limits: a token bucket per caller and class of route, in Redis, in one step.

One Lua script reads, refills, takes and writes: with separate commands, parallel callers get several times the limit.
"""

from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

import structlog
from django.conf import settings
from rest_framework.request import Request

from kelmah import clock
from kelmah.errors import TooManyRequests, Unavailable
from kelmah.http.address import address_block, client_address
from kelmah.http.store import StoreDown, mark_down, store
from kelmah.principal import Principal

log = structlog.get_logger(__name__)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

# KEYS[1] the bucket; ARGV: its size, its window in ms, the time in ms, what to take (0 looks only).
# Returns: taken or not, tokens left, ms until full, ms until the next token.
_TAKE = """
local size, window, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local rate = size / window
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local cost = tonumber(ARGV[4])
local tokens, at = tonumber(bucket[1]) or size, tonumber(bucket[2]) or now
tokens = math.min(size, tokens + math.max(0, now - at) * rate)
local taken = 0
if tokens >= 1 then taken, tokens = 1, tokens - cost end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.9f', tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window))
return {taken, math.floor(tokens), math.ceil((size - tokens) / rate), math.ceil((1 - math.min(1, tokens)) / rate)}
"""


@dataclass(frozen=True)
class Limit:
    """``size`` requests at once, refilled evenly over ``window`` seconds."""

    name: str
    size: int
    window: int


@dataclass(frozen=True)
class Allowance:
    """What one request left of a limit."""

    limit: Limit
    remaining: int
    full_in: int

    def headers(self) -> dict[str, str]:
        """draft-ietf-httpapi-ratelimit-headers-11."""
        limit = self.limit
        return {
            "RateLimit-Policy": f'"{limit.name}";q={limit.size};w={limit.window}',
            "RateLimit": f'"{limit.name}";r={self.remaining};t={self.full_in}',
        }


class LimitReached(TooManyRequests):
    """429 that still tells the allowance."""

    def __init__(self, allowance: Allowance, retry_after: int) -> None:
        super().__init__("Slow down: try again later.", data={"retry_after": retry_after})
        self.allowance = allowance


def take_from_limit(request: Request, rate_class: str, user: Principal | None) -> Allowance | None:
    """Count this request. None when the store is down and the class may go on without it.

    Raises LimitReached; Unavailable for ``auth`` when the store is down, since guessing passwords must not become free.
    """
    subject = _subject(user) if user else f"addr:{address_block(client_address(request._request))}"
    try:
        return _taken(rate_class, subject)
    except StoreDown:
        if rate_class == "auth":
            raise Unavailable("Try again in a moment.", data={"retry_after": 5}) from None
        return None


def take_one(name: str, subject: str) -> None:
    """Count one against the limit ``name`` of something else than requests; ``subject`` is no personal data in clear.

    Raises LimitReached; Unavailable when the store is down.
    """
    _counted(name, subject, cost=1)


def check_left(name: str, subject: str) -> None:
    """Whether ``take_one`` would do, without counting. Raises as it does."""
    _counted(name, subject, cost=0)


def limit_of(rate_class: str) -> Limit:
    """The limit that ``settings.RATE_LIMITS`` gives the class."""
    return _parsed(rate_class, settings.RATE_LIMITS[rate_class])


@cache
def _parsed(name: str, rate: str) -> Limit:
    size, _, unit = rate.partition("/")
    if not size.isdecimal() or int(size) < 1 or unit not in _SECONDS:
        raise ValueError(f"RATE_LIMITS[{name!r}] = {rate!r} is no rate: for example '120/m' (s, m, h, d)")
    return Limit(name, int(size), _SECONDS[unit])


def _subject(user: Principal) -> str:
    # Staff who look as somebody, and a program that runs wild, use up nothing of the person's.
    if user.impersonated_by is not None:
        return f"staff:{user.impersonated_by}"
    return f"key:{user.key_id}" if user.key_id else f"user:{user.user_id}"


def _counted(name: str, subject: str, *, cost: int) -> None:
    try:
        _taken(name, subject, cost=cost)
    except StoreDown:
        raise Unavailable("Try again in a moment.", data={"retry_after": 5}) from None


def _taken(name: str, subject: str, *, cost: int = 1) -> Allowance:
    """Raises LimitReached, StoreDown."""
    limit = limit_of(name)
    try:
        taken, remaining, full_in, next_in = _take(f"rate:{name}:{subject}", limit, cost)
    except StoreDown:
        mark_down()
        log.error("rate_limits_off", rate_class=name)
        raise
    allowance = Allowance(limit, remaining, ceil(full_in / 1000))
    if not taken:
        raise LimitReached(allowance, max(1, ceil(next_in / 1000)))
    return allowance


def _take(key: str, limit: Limit, cost: int) -> tuple[int, int, int, int]:
    now = int(clock.now().timestamp() * 1000)
    script = store().register_script(_TAKE)
    answer: Any = script(keys=[key], args=[limit.size, limit.window * 1000, now, cost])
    taken, remaining, full_in, next_in = answer
    return taken, remaining, full_in, next_in
