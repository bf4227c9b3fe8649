"""The one source of time.

Business time is always ``clock.now()``. In tests ``clock.advance(days=14)`` moves it, deadlines and token lifetimes
included, and nothing ever sleeps. With ``KELMAH_CLOCK_FILE`` set (refused in production by a system check) the offset
lives in a file, so that a test moves every process of a running system at once.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset = timedelta()


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + _current_offset()  # noqa: TID251 - the one place


def advance(**amount: float) -> datetime:
    """Move the clock forward by ``timedelta(**amount)`` and return the new present. For tests only."""
    return _set_offset(_current_offset() + timedelta(**amount))


def reset() -> datetime:
    """Return to real time. For tests only."""
    return _set_offset(timedelta())


def _shared_file() -> Path | None:
    name = os.environ.get("KELMAH_CLOCK_FILE")
    return Path(name) if name else None


def _current_offset() -> timedelta:
    shared = _shared_file()
    if shared is None:
        return _offset
    try:
        return timedelta(seconds=float(shared.read_text()))
    except FileNotFoundError:
        return timedelta()


def _set_offset(offset: timedelta) -> datetime:
    global _offset
    shared = _shared_file()
    if shared is None:
        _offset = offset
    else:
        # Replaced, never rewritten in place: another process must not read half a number.
        draft = shared.with_suffix(".new")
        draft.write_text(str(offset.total_seconds()))
        draft.replace(shared)
    return now()
