"""A queue for what a password costs: few have their turn at a time, few more wait, and the rest is refused at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kelmah.errors import Unavailable

PATIENCE: Final = 2.0  # seconds that somebody waits for their turn


class Turns:
    """``at_once`` turns, and places for ``waiting`` more; each who waits holds a thread that could serve another."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._turn = threading.BoundedSemaphore(at_once)
        self.room = threading.BoundedSemaphore(at_once + waiting)

    def check_room(self) -> None:
        """Raises Unavailable when nobody more can wait. Takes no place."""
        if not self.room.acquire(blocking=False):
            raise _crowded()
        self.room.release()

    @contextmanager
    def take(self, *, patience: float = PATIENCE) -> Iterator[None]:
        """One turn. Raises Unavailable when too many wait for it, or it takes too long."""
        if not self.room.acquire(blocking=False):
            raise _crowded()
        try:
            if not self._turn.acquire(timeout=patience):
                raise _crowded()
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self.room.release()


def _crowded() -> Unavailable:
    return Unavailable("Many people are logging in: try again in a moment.", data={"retry_after": 2})
