"""From the outbox of one domain to the inboxes of the others, and to the Celery broker."""

import json
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import structlog
from django.conf import settings
from django.db import connections

from kelmah.events.channel import TASK
from kelmah.events.handlers import handlers_of
from kelmah.events.queue import Row, outbox, without_killers
from kelmah.faultpoints import faultpoint

log = structlog.get_logger(__name__)

Send = Callable[[Row], None]

_RECEIVE = """
INSERT INTO {domain}_inbox (event_id, handler, source, topic, event_version, key, payload, occurred_at, trace)
SELECT r.event_id, r.handler, %s, r.topic, r.event_version, r.key, r.payload, r.occurred_at, r.trace
FROM jsonb_to_recordset(%s::jsonb) AS r(n int, event_id uuid, handler text, topic text, event_version smallint,
    key text, payload jsonb, occurred_at timestamptz, trace jsonb)
ORDER BY r.n
ON CONFLICT (event_id, handler) DO NOTHING
"""


def relay(domain: str, *, send_task: Send, limit: int = 200, raising: bool = False) -> int:
    """Hand on what ``domain`` has to tell; returns how many rows left its outbox.

    Events first: what they need is the database, which is there.
    """
    queue = outbox(domain)
    taken = without_killers(queue, queue.claim([TASK, *settings.LOCAL_DOMAINS], limit=limit))
    tasks = [row for row in taken if row.part == TASK]
    events = sorted((row for row in taken if row.part != TASK), key=lambda row: row.part)
    gone = sum(
        _deliver(domain, target, list(rows), raising) for target, rows in groupby(events, key=lambda row: row.part)
    )
    return gone + _send(domain, tasks, send_task, raising)


def receive(target: str, source: str, rows: Sequence[Row]) -> None:
    """Put events into the inbox of a local domain, once per handler; what is there already stays as it is."""
    records: list[dict[str, Any]] = []
    for row in rows:
        for handler in handlers_of(row.topic, target):
            records.append(_record(row, handler.name, len(records)))
    if records:
        with connections[target].cursor() as cursor:
            cursor.execute(_RECEIVE.format(domain=target), [source, json.dumps(records)])


def _deliver(domain: str, target: str, rows: list[Row], raising: bool) -> int:
    try:
        receive(target, domain, rows)
    except Exception as error:  # a process boundary: a target that is down must not stop the others
        if raising:
            raise
        for row in rows:
            if outbox(domain).fail(row, error):
                log.error("event_dead", domain=domain, target=target, topic=row.topic, event_id=str(row.event_id))
        return 0
    faultpoint("relay.after_send")
    return _forget(domain, rows)


def _send(domain: str, rows: list[Row], send_task: Send, raising: bool) -> int:
    """Tasks to the broker, in order, until it refuses one: then all wait, and none is blamed for it."""
    for number, row in enumerate(rows):
        try:
            send_task(row)
        except Exception as error:  # a process boundary: events go on without the broker
            if raising:
                raise
            log.warning("broker_down", domain=domain, waiting=len(rows) - number, error=type(error).__name__)
            outbox(domain).put_off(rows[number:], wait=1.0, error=f"{type(error).__name__}: {error}"[:2000])
            return _forget(domain, rows[:number])
    return _forget(domain, rows)


def _forget(domain: str, rows: list[Row]) -> int:
    if rows:
        with connections[domain].cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {outbox(domain).table}"  # noqa: S608
                " WHERE (id, attempts) IN (SELECT * FROM unnest(%s::bigint[], %s::smallint[]))",
                [[row.id for row in rows], [row.attempts for row in rows]],
            )
    return len(rows)


def _record(row: Row, handler: str, number: int) -> dict[str, Any]:
    payload = json.loads(row.payload) if isinstance(row.payload, str) else row.payload
    trace = json.loads(row.trace) if isinstance(row.trace, str) else row.trace
    return {
        "n": number,
        "event_id": str(row.event_id),
        "handler": handler,
        "topic": row.topic,
        "event_version": row.event_version,
        "key": row.key,
        "payload": payload,
        "occurred_at": row.occurred_at.isoformat(),
        "trace": trace,
    }
