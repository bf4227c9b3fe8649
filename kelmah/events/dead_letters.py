"""What staff do with events that could not be handled: try again, or give up with a reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections

from kelmah.db import atomic
from kelmah.errors import InvalidInput, NotFound


@dataclass(frozen=True)
class DeadLetter:
    """An event that a handler refused too often; it holds back later events of its key for this handler only."""

    domain: str
    event_id: UUID
    handler: str
    topic: str
    key: str
    attempts: int
    last_error: str
    dead_at: datetime


def dead_letters(domain: str) -> list[DeadLetter]:
    """Those of one domain, oldest first."""
    with connections[domain].cursor() as cursor:
        cursor.execute(
            f"SELECT event_id, handler, topic, key, attempts, last_error, dead_at FROM {domain}_inbox"  # noqa: S608
            " WHERE dead_at IS NOT NULL AND completed_at IS NULL ORDER BY id"
        )
        return [DeadLetter(domain, *row) for row in cursor.fetchall()]


def resubmit(domain: str, *, event_id: UUID | None = None, handler: str | None = None) -> int:
    """Let dead letters be tried again from the first attempt; returns how many. Raises NotFound when there is none."""
    return _change(domain, "dead_at = NULL, attempts = 0, available_at = clock_timestamp()", [], event_id, handler)


def discard(domain: str, *, event_id: UUID, handler: str | None = None, reason: str) -> int:
    """Count a dead letter as heard without its effect; the reason stays. Raises InvalidInput, NotFound."""
    if not reason.strip():
        raise InvalidInput("Say why this event may be lost.")
    return _change(domain, "completed_at = clock_timestamp(), discarded_reason = %s", [reason], event_id, handler)


def _change(domain: str, change: str, values: list[str], event_id: UUID | None, handler: str | None) -> int:
    where, wanted = ["dead_at IS NOT NULL", "completed_at IS NULL"], list[Any](values)
    for column, value in (("event_id", event_id), ("handler", handler)):
        if value is not None:
            where.append(f"{column} = %s")
            wanted.append(value)
    with atomic(domain), connections[domain].cursor() as cursor:
        cursor.execute(f"UPDATE {domain}_inbox SET {change} WHERE {' AND '.join(where)}", wanted)  # noqa: S608
        changed = cursor.rowcount
    if not changed:
        raise NotFound("There is no such dead letter.")
    return int(changed)
