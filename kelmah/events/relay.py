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
from kelmah.events.queue import Row, outbox
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
    """Hand on what ``domain`` has to tell; returns how many rows left its outbox."""
    queue, gone = outbox(domain), 0
    taken = queue.claim([TASK, *settings.LOCAL_DOMAINS], limit=limit)
    for target, rows in groupby(sorted(taken, key=lambda row: row.part), key=lambda row: row.part):
        batch = list(rows)
        for group in ([row] for row in batch) if target == TASK else (batch,):
            gone += _hand_on(domain, target, group, send_task, raising)
    return gone


def receive(target: str, source: str, rows: Sequence[Row]) -> None:
    """Put events into the inbox of a local domain, once per handler; what is there already stays as it is."""
    records: list[dict[str, Any]] = []
    for row in rows:
        for handler in handlers_of(row.topic, target):
            records.append(_record(row, handler.name, len(records)))
    if records:
        with connections[target].cursor() as cursor:
            cursor.execute(_RECEIVE.format(domain=target), [source, json.dumps(records)])


def _hand_on(domain: str, target: str, rows: list[Row], send_task: Send, raising: bool) -> int:
    queue = outbox(domain)
    try:
        if target == TASK:
            send_task(rows[0])
        else:
            receive(target, domain, rows)
    except Exception as error:  # a process boundary: a target that is down must not stop the others
        if raising:
            raise
        for row in rows:
            if queue.fail(row, error):
                log.error("event_dead", domain=domain, target=target, topic=row.topic, event_id=str(row.event_id))
        return 0
    faultpoint("relay.after_send")
    with connections[domain].cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {queue.table} WHERE (id, attempts) IN (SELECT * FROM unnest(%s::bigint[], %s::smallint[]))",  # noqa: S608
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
