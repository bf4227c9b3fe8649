"""A keyed lease queue in a table: rows of one key in order, those of different keys side by side.

A row is taken by a lease, not by a lock: nothing is held while it is worked on, and when the worker dies the lease runs
out and somebody else takes the row. Attempts are counted when a row is taken, so that a row which kills its worker is
counted too. Leases use the database's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import uniform
from typing import Any

from django.conf import settings
from django.db import connections

COLUMNS = "id, event_id, topic, event_version, key, payload, occurred_at, trace, attempts"

# ``head`` takes what is due and has nothing before it in its key that is leased, backing off or dead. SKIP LOCKED may
# jump over a row that another claim is just taking; ``ok`` then drops the later rows of that key again, whatever the
# snapshots saw, so that no two workers ever hold rows of one key.
_CLAIM = """
WITH head AS (
    SELECT id FROM {table} o
    WHERE {open} AND dead_at IS NULL AND available_at <= clock_timestamp() AND o.{part} = ANY(%(parts)s)
      AND NOT EXISTS (
        SELECT 1 FROM {table} p
        WHERE p.{part} = o.{part} AND p.key = o.key AND p.id < o.id AND {p_open}
          AND (p.dead_at IS NOT NULL OR p.available_at > clock_timestamp()))
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), ok AS (
    SELECT o.id FROM {table} o WHERE o.id IN (SELECT id FROM head) AND NOT EXISTS (
        SELECT 1 FROM {table} p
        WHERE p.{part} = o.{part} AND p.key = o.key AND p.id < o.id AND {p_open} AND p.id NOT IN (SELECT id FROM head))
)
UPDATE {table} t SET attempts = attempts + 1, available_at = clock_timestamp() + %(lease)s
FROM ok WHERE t.id = ok.id
RETURNING {columns}
"""

_FAIL = """
UPDATE {table} SET last_error = %(error)s, available_at = clock_timestamp() + %(wait)s,
    dead_at = CASE WHEN attempts >= %(max)s THEN clock_timestamp() END
WHERE id = %(id)s AND attempts = %(attempts)s AND {open}
RETURNING dead_at
"""


@dataclass(frozen=True)
class Row:
    """One row as it was taken."""

    id: int
    event_id: Any
    topic: str
    event_version: int
    key: str
    payload: Any
    occurred_at: Any
    trace: Any
    attempts: int
    part: str


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

    def claim(self, parts: Sequence[str], *, limit: int = 200) -> list[Row]:
        """Lease what is due for these targets or handlers, oldest first."""
        columns = ", ".join(f"t.{name}" for name in (*COLUMNS.split(", "), self.part))
        statement = self._sql(_CLAIM, columns=columns)
        lease = timedelta(seconds=settings.EVENT_LEASE_SECONDS)
        values: dict[str, Any] = {"parts": list(parts), "limit": limit, "lease": lease}
        with connections[self.domain].cursor() as cursor:
            cursor.execute(statement, values)
            return sorted((Row(*found) for found in cursor.fetchall()), key=lambda row: row.id)

    def fail(self, row: Row, error: BaseException) -> bool:
        """Let the row wait, longer each time, or bury it after the last attempt; True when it is dead."""
        wait = timedelta(seconds=min(2.0**row.attempts, 3600.0) * uniform(0.5, 1.0))
        values: dict[str, Any] = {
            "error": f"{type(error).__name__}: {error}"[:2000],
            "wait": wait,
            "max": settings.EVENT_MAX_ATTEMPTS,
            "id": row.id,
            "attempts": row.attempts,
        }
        with connections[self.domain].cursor() as cursor:
            cursor.execute(self._sql(_FAIL), values)
            found = cursor.fetchone()
        return bool(found and found[0])

    def put_off(self, rows: list[Row], *, wait: float = 0.0, error: str = "") -> None:
        """End the lease of rows whose failure is not their own; the attempt does not count."""
        with connections[self.domain].cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} SET attempts = attempts - 1, last_error = %s,"  # noqa: S608
                " available_at = clock_timestamp() + %s"
                " WHERE (id, attempts) IN (SELECT * FROM unnest(%s::bigint[], %s::smallint[]))",
                [error, timedelta(seconds=wait), [row.id for row in rows], [row.attempts for row in rows]],
            )

    def _sql(self, template: str, **more: str) -> str:
        p_open = self.open.replace("completed", "p.completed")
        return template.format(table=self.table, part=self.part, open=self.open, p_open=p_open, **more)


class WorkersDied(Exception):
    """A row was taken as often as it may be, and nobody who took it was heard of again."""


def without_killers(queue: Queue, rows: list[Row]) -> list[Row]:
    """The rows that may be tried; those that have killed every worker so far are buried."""
    killers = [row for row in rows if row.attempts > settings.EVENT_MAX_ATTEMPTS]
    for row in killers:
        queue.fail(row, WorkersDied(f"taken {row.attempts - 1} times without an answer"))
    buried = {(row.part, row.key) for row in killers}
    return [row for row in rows if row not in killers and (row.part, row.key) not in buried]


def outbox(domain: str) -> Queue:
    return Queue(domain, "outbox", part="target", open="true")


def inbox(domain: str) -> Queue:
    return Queue(domain, "inbox", part="handler", open="completed_at IS NULL")
