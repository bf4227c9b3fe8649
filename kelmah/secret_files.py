"""Files of secrets: readable by their owner only, written whole, read again by running processes when they change."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0  # seconds

T = TypeVar("T")


class WatchedFile(Generic[T]):
    """One process's view of a file. One that can't be read leaves the last good content in force.

    ``read`` raises OSError or ValueError for a bad file; ``first`` is the content until a file was good.
    """

    def __init__(self, path: Path, read: Callable[[Path], T], *, first: T) -> None:
        self._path, self._read, self._content = path, read, first
        self._seen: tuple[int, int] | None = None
        self._look_at = 0.0
        self._lock = Lock()

    def content(self) -> T:
        """As of a second ago at most."""
        if time.monotonic() >= self._look_at:
            with self._lock:
                if time.monotonic() >= self._look_at:
                    self._look()
                    # Only now: whoever comes meanwhile must wait for the first reading, not go without.
                    self._look_at = time.monotonic() + LOOK_EVERY
        return self._content

    def _look(self) -> None:
        try:
            found = self._path.stat()
            if (found.st_mtime_ns, found.st_ino) != self._seen:
                self._content = self._read(self._path)
                self._seen = (found.st_mtime_ns, found.st_ino)
        except (OSError, ValueError) as error:
            log.error("secrets_not_read", file=str(self._path), error=type(error).__name__)


def write_secret(path: Path, text: str) -> None:
    """Renamed into place: nobody reads half a file, and an interruption leaves the one before."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.rename(path)
