"""Optimistic locking: the number behind every ETag."""

from typing import Protocol

from kelmah.errors import StaleVersion


class HasVersion(Protocol):
    version: int


def check_version(subject: HasVersion, expected: int | None) -> None:
    """Refuse a change based on an older reading. Call it after locking the row. Raises StaleVersion.

    ``expected`` None means that no client's reading is involved (a deadline, an event).
    """
    if expected is not None and subject.version != expected:
        raise StaleVersion(data={"expected": expected, "current": subject.version})
