"""The moment by which the present work must be done; calls made inside it inherit what is left.

Real time, not ``kelmah.clock``: a test that moves business time by a fortnight must not time out every call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from kelmah.rpc.errors import DeadlineExceeded

_deadline: ContextVar[float | None] = ContextVar("kelmah_deadline", default=None)


def remaining() -> float | None:
    """Seconds left, perhaps none (zero or less); None outside any deadline."""
    until = _deadline.get()
    return None if until is None else until - monotonic()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give this work ``seconds``, or what an outer deadline leaves. Raises DeadlineExceeded when none is left."""
    now, outer = monotonic(), _deadline.get()
    until = now + seconds if outer is None else min(now + seconds, outer)
    if until <= now:
        raise DeadlineExceeded
    token = _deadline.set(until)
    try:
        yield
    finally:
        _deadline.reset(token)
