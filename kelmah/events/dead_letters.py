"""What staff do with events that could not be handed on or handled: try again, or give up with a reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import connections

from kelmah.db import atomic
from kelmah.errors import InvalidInput, NotFound

log = structlog.get_logger(__name__)

# Per table: who should have got it, and what makes a row dead.
_QUEUES = {
    "outbox": ("target", "dead_at IS NOT NULL"),
    "inbox": ("handler", "dead_at IS NOT NULL AND completed_at IS NULL"),
}


@dataclass(frozen=True)
class DeadLetter:
    """An event refused too often; it holds back later events of its key for this ``handler`` only, which is the
    listening domain when the event is still in the ``outbox`` because that domain has no handler for it."""

    domain: str
    queue: str
    event_id: UUID
    handler: str
    topic: str
    key: str
    attempts: int
    last_error: str
    dead_at: datetime


def dead_letters(domain: str) -> list[DeadLetter]:
    """Those of one domain, oldest first."""
    found: list[DeadLetter] = []
    for queue, (part, dead) in _QUEUES.items():
        with connections[domain].cursor() as cursor:
            cursor.execute(
                f"SELECT event_id, {part}, topic, key, attempts, last_error, dead_at"  # noqa: S608
                f" FROM {domain}_{queue} WHERE {dead} ORDER BY id"
            )
            found += [DeadLetter(domain, queue, *row) for row in cursor.fetchall()]
    return sorted(found, key=lambda letter: letter.dead_at)


def dead_letters_from(source: str, *, at: str) -> list[dict[str, Any]]:
    """What ``source`` told the local domain ``at`` and was buried in its inbox, for the teller to see, oldest first."""
    columns = ("event_id", "handler", "topic", "key", "attempts", "last_error", "dead_at")
    with connections[at].cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(columns)} FROM {at}_inbox"  # noqa: S608
            " WHERE source = %s AND dead_at IS NOT NULL AND completed_at IS NULL ORDER BY id",
            [source],
        )
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def resubmit(domain: str, *, event_id: UUID | None = None, handler: str | None = None) -> int:
    """Let dead letters be tried again from the first attempt; returns how many. Raises NotFound when there is none."""
    again = "UPDATE {table} SET dead_at = NULL, attempts = 0, available_at = clock_timestamp()"
    with atomic(domain):
        changed = sum(_change(domain, queue, again, [], event_id, handler) for queue in _QUEUES)
        if not changed:
            raise NotFound("There is no such dead letter.")
    log.info("event_resubmitted", domain=domain, event_id=str(event_id or "all"), handler=handler, count=changed)
    return changed


def discard(domain: str, *, event_id: UUID, handler: str | None = None, reason: str) -> int:
    """Go on without a dead letter; returns how many were dropped. Raises InvalidInput, NotFound.

    In the inbox it counts as heard, and the reason stays with it; from the outbox it goes, and the log keeps both.
    """
    if not reason.strip():
        raise InvalidInput("Say why this event may be lost.")
    heard = "UPDATE {table} SET completed_at = clock_timestamp(), discarded_reason = %s"
    with atomic(domain):
        changed = _change(domain, "inbox", heard, [reason], event_id, handler)
        changed += _change(domain, "outbox", "DELETE FROM {table}", [], event_id, handler)
        if not changed:
            raise NotFound("There is no such dead letter.")
    log.warning("event_discarded", domain=domain, event_id=str(event_id), handler=handler, reason=reason)
    return changed


# Private functions


def _change(domain: str, queue: str, change: str, values: list[str], event_id: UUID | None, handler: str | None) -> int:
    part, dead = _QUEUES[queue]
    where, wanted = [dead], list[Any](values)
    for column, value in (("event_id", event_id), (part, handler)):
        if value is not None:
            where.append(f"{column} = %s")
            wanted.append(value)
    with connections[domain].cursor() as cursor:
        cursor.execute(f"{change.format(table=f'{domain}_{queue}')} WHERE {' AND '.join(where)}", wanted)
        return int(cursor.rowcount)
