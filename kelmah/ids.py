"""Identifiers: UUIDv7, so that primary keys sort by creation and index pages stay warm (RFC 9562, section 5.7)."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7 as a standard library ``UUID``."""
    return uuid7()


def made_at(made: UUID) -> datetime:
    """When an id of ``new_id`` was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, tz=UTC)
