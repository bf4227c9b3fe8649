"""Access tokens that died before they expired: their session was ended, or whoever they speak for stands otherwise now.

identity writes an entry on every such change; each process asks on every request, for all it wants to know at once. An
entry lives as long as the longest access token, since afterwards no token of before is left.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from kelmah.http.store import StoreDown, mark_down, store

# Of two changes told in the wrong order the later counts. KEYS[1] whose; ARGV: the standing, milliseconds to keep it.
_RISE = """
if (tonumber(redis.call('GET', KEYS[1])) or -1) <= tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
"""


class Death(Enum):
    """Why a token that has not expired is good for nothing."""

    ENDED = "its session was ended"
    STALE = "it says what its person was before"


def revoke_session(sid: UUID, ttl: timedelta) -> None:
    """Refuse the session's access tokens from now on, for ``ttl``. Raises StoreDown."""
    try:
        store().set(_key(sid), b"1", px=_milliseconds(ttl))
    except StoreDown:
        mark_down()
        raise


def is_revoked(sid: UUID) -> bool:
    """Whether the session was ended. Raises StoreDown: the caller decides what that means for the request."""
    try:
        return bool(store().exists(_key(sid)))
    except StoreDown:
        mark_down()
        raise


def announce_standing(user_id: UUID, standing: int, ttl: timedelta) -> None:
    """Refuse, for ``ttl``, access tokens of the person with a lower standing. Raises StoreDown."""
    try:
        store().register_script(_RISE)(keys=[_standing_key(user_id)], args=[standing, _milliseconds(ttl)])
    except StoreDown:
        mark_down()
        raise


def death_of(*, sessions: Sequence[UUID], standings: Mapping[UUID, int]) -> Death | None:
    """What killed a token of these sessions, that says these standings of these people; None while it lives.

    One question to the store. Raises StoreDown.
    """
    keys = [*map(_key, sessions), *map(_standing_key, standings)]
    try:
        found: Any = store().mget(keys) if keys else []
    except StoreDown:
        mark_down()
        raise
    if any(found[: len(sessions)]):
        return Death.ENDED
    risen = zip(standings.values(), found[len(sessions) :], strict=True)
    return Death.STALE if any(known is not None and said < int(known) for said, known in risen) else None


def _key(sid: UUID) -> str:
    return f"sid:rev:{sid}"


def _standing_key(user_id: UUID) -> str:
    return f"user:standing:{user_id}"


def _milliseconds(ttl: timedelta) -> int:
    return max(1, int(ttl.total_seconds() * 1000))
