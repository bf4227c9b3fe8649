"""A keyed lease queue in a table: rows of one key in order, those of different keys side by side.

A row is taken by a lease, not by a lock: nothing is held while it is worked on, and when the worker dies the lease runs
out and somebody else takes the row. Attempts are counted when a row is taken, so that a row which kills its worker is
counted too. The end of the lease is also its proof: whoever was overtaken changes nothing. Leases use the database's
clock, never ``kelmah.clock``.

Ids are given before commit, so order within a key needs writers of that key to take turns: an action locks the
aggregate it changes before it publishes, and the key of an event is its aggregate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import uniform
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

LONGEST_WAIT = 3600.0  # seconds, after a failure of the row itself
OUTAGE_WAIT = 1.5  # seconds, while somebody else is down
BATCH = 200

_COLUMNS = "id, event_id, {part}, topic, event_version, key, payload, occurred_at, trace, attempts, available_at"

# ``head`` takes what is due and has nothing before it in its key that is leased, waiting or dead. SKIP LOCKED may jump
# over a row that another claim is just taking; ``ok`` then drops the later rows of that key again, whatever the
# snapshots saw, so that no two workers ever hold rows of one key.
#
# A planner that believes the table to be empty takes any index for as good as any other, so each step leaves it no bad
# one: rows are compared as a whole, for which the primary key is no help; ``OFFSET 0`` keeps the second look from
# becoming a join; and the update names the keys too, or else the index of lines would be read to its end.
_CLAIM = """
WITH head AS (
    SELECT id, {part} AS part, key FROM {table} o
    WHERE {open} AND dead_at IS NULL AND available_at <= clock_timestamp() {only}
      AND NOT EXISTS (
        SELECT 1 FROM {table} p
        WHERE p.{part} = o.{part} AND p.key = o.key AND (p.{part}, p.key, p.id) < (o.{part}, o.key, o.id) AND {p_open}
          AND (p.dead_at IS NOT NULL OR p.available_at > clock_timestamp()))
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), ok AS (
    SELECT * FROM head WHERE NOT EXISTS (
        SELECT 1 FROM {table} p
        WHERE p.{part} = head.part AND p.key = head.key AND (p.{part}, p.key, p.id) < (head.part, head.key, head.id)
          AND {p_open} AND p.id NOT IN (SELECT id FROM head)
        OFFSET 0)
)
UPDATE {table} t SET attempts = least(attempts + 1, 30000), available_at = clock_timestamp() + %(lease)s
WHERE t.id = ANY(ARRAY(SELECT id FROM ok)) AND t.key = ANY(ARRAY(SELECT key FROM ok))
RETURNING {columns}
"""

# The statistics of a queue are always wrong: it was empty a moment ago, or full. Reading the index in order, and
# stopping at the limit, is right for both.
_STEADY_PLAN = "".join(
    f"SET LOCAL enable_{way} = off; " for way in ("sort", "seqscan", "bitmapscan", "hashjoin", "mergejoin")
)

# For leases and for what was handed on: a crash of the database may forget them, and all that happens is that somebody
# does it again.
_UNHURRIED = "SET LOCAL synchronous_commit = off; "

_HELD = """
UPDATE {table} t SET {change}
FROM unnest(%(ids)s::bigint[], %(until)s::timestamptz[]) AS held(id, until)
WHERE t.id = held.id AND t.available_at = held.until AND {open}
"""

# Once for every event heard, and planned each time: worth words of its own.
_HELD_ONE = "UPDATE {table} t SET {change} WHERE t.id = %(id)s AND t.available_at = %(until)s AND {open}"


_REMOVE = """
DELETE FROM {table} t USING unnest(%(ids)s::bigint[], %(until)s::timestamptz[]) AS held(id, until)
WHERE t.id = held.id AND t.available_at = held.until
"""


class WorkerDied(RuntimeError):
    """Every worker that took this row ended without a word."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was taken; ``part`` is its target or handler, ``payload`` and ``trace`` are JSON text."""

    id: int
    event_id: UUID
    part: str
    topic: str
    event_version: int
    key: str
    payload: str
    occurred_at: datetime
    trace: str
    attempts: int
    leased_until: datetime


@dataclass(frozen=True)
class Queue:
    """``part`` is the column that together with ``key`` makes one line to stand in; ``open`` what is still to do."""

    domain: str
    name: str
    part: str
    open: str

    @property
    def table(self) -> str:
        return f"{self.domain}_{self.name}"

    def claim(self, *, parts: Sequence[str] | None = None, limit: int = BATCH) -> list[Row]:
        """Lease what is due for these targets or handlers (or for all), oldest first; of a key, nothing without what
        comes before it.

        A row that was taken often and never spoken of again comes alone, so that it is the only one to be blamed for
        the death of its worker; in the end it is buried.
        """
        rows = self._lease(parts, limit)
        most: int = settings.EVENT_MAX_ATTEMPTS
        worn = next((row for row in rows if row.attempts > max(1, most // 2)), None)
        if worn is None:
            return rows
        first = next(row for row in rows if (row.part, row.key) == (worn.part, worn.key))
        self.give_back([row for row in rows if row is not first])
        if first.attempts <= most:
            return [first]
        self.fail(first, WorkerDied("every worker that took it died"))
        return self.claim(parts=parts, limit=limit)

    def fail(self, row: Row, error: BaseException) -> bool:
        """Let the row wait, longer each time, or bury it after the last attempt; True when it is dead."""
        dead: bool = row.attempts >= settings.EVENT_MAX_ATTEMPTS
        longest = min(2.0 ** min(row.attempts, 16), LONGEST_WAIT)
        change = "last_error = %(error)s, available_at = clock_timestamp() + %(wait)s"
        if dead:
            change += ", dead_at = clock_timestamp()"
        return self._change([row], change, error=describe(error), wait=_jittered(longest)) > 0 and dead

    def postpone(self, rows: Sequence[Row], error: BaseException) -> None:
        """Let the rows wait for somebody who is down: no fault of theirs, so the attempt does not count."""
        change = "attempts = t.attempts - 1, last_error = %(error)s, available_at = clock_timestamp() + %(wait)s"
        self._change(rows, change, error=describe(error), wait=_jittered(OUTAGE_WAIT))

    def give_back(self, rows: Sequence[Row]) -> None:
        """End the lease of rows that were not tried; the attempt does not count."""
        self._change(rows, "attempts = t.attempts - 1, available_at = clock_timestamp()")

    def mark(self, rows: Sequence[Row]) -> int:
        """Mark rows as done as far as they are still ours, in the caller's transaction; returns how many."""
        return self._change(rows, "completed_at = clock_timestamp()")

    def remove(self, rows: Sequence[Row]) -> None:
        """Delete rows as far as they are still ours."""
        with connections[self.domain].cursor() as cursor:
            cursor.execute(_UNHURRIED + _sql(self, _REMOVE), _held(rows))

    # Private functions

    def _lease(self, parts: Sequence[str] | None, limit: int) -> list[Row]:
        only = "" if parts is None else f"AND o.{self.part} = ANY(%(parts)s)"
        lease = timedelta(seconds=settings.EVENT_LEASE_SECONDS)
        with connections[self.domain].cursor() as cursor:
            values: dict[str, Any] = {"parts": list(parts or ()), "limit": limit, "lease": lease}
            cursor.execute(_UNHURRIED + _STEADY_PLAN + _sql(self, _CLAIM, only=only), values)
            while cursor.nextset():
                pass
            return sorted((Row(*found) for found in cursor.fetchall()), key=lambda row: row.id)

    def _change(self, rows: Sequence[Row], change: str, **values: Any) -> int:
        if not rows:
            return 0
        template, held = (_HELD_ONE, _held_one(rows[0])) if len(rows) == 1 else (_HELD, _held(rows))
        with connections[self.domain].cursor() as cursor:
            cursor.execute(_sql(self, template, change=change), {**values, **held})
            return int(cursor.rowcount)


def _held(rows: Sequence[Row]) -> dict[str, Any]:
    return {"ids": [row.id for row in rows], "until": [row.leased_until for row in rows]}


def _held_one(row: Row) -> dict[str, Any]:
    return {"id": row.id, "until": row.leased_until}


@cache
def _sql(queue: Queue, template: str, **more: str) -> str:
    columns = ", ".join(f"t.{name}" for name in _COLUMNS.format(part=queue.part).split(", "))
    p_open = queue.open.replace("completed", "p.completed")
    return template.format(table=queue.table, part=queue.part, open=queue.open, p_open=p_open, columns=columns, **more)


def describe(error: BaseException) -> str:
    """Kind and first line: the lines after it, of PostgreSQL's errors, quote the row."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:500]


def _jittered(seconds: float) -> timedelta:
    return timedelta(seconds=seconds * uniform(0.5, 1.0))


@cache
def outbox(domain: str) -> Queue:
    return Queue(domain, "outbox", part="target", open="true")


@cache
def inbox(domain: str) -> Queue:
    return Queue(domain, "inbox", part="handler", open="completed_at IS NULL")
