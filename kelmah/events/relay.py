"""From the outbox of one domain to the inboxes of the others, and to the Celery broker."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import connections

from kelmah.events.channel import TASK
from kelmah.events.handlers import Handler, handlers_of
from kelmah.events.queue import BATCH, Row, outbox
from kelmah.faultpoints import faultpoint

log = structlog.get_logger(__name__)

SendTask = Callable[[Row], None]

_RECEIVE = """
INSERT INTO {domain}_inbox (event_id, handler, source, topic, event_version, key, payload, occurred_at, trace)
SELECT event_id, handler, %s, topic, event_version, key, payload, occurred_at, trace
FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (event_id uuid, handler text, topic text, event_version smallint,
    key text, payload jsonb, occurred_at timestamptz, trace jsonb))
    WITH ORDINALITY AS told(event_id, handler, topic, event_version, key, payload, occurred_at, trace, number)
ORDER BY number
ON CONFLICT (event_id, handler) DO NOTHING
"""


class Unheard(LookupError):
    """The listening domain has no handler for an event that names it, in this release."""


def relay(domain: str, *, limit: int = BATCH) -> dict[str, int]:
    """Hand on the events that ``domain`` has to tell; returns how many went to which domain."""
    gone: dict[str, int] = {}
    rows = outbox(domain).claim(parts=settings.LOCAL_DOMAINS, limit=limit)
    for target, group in groupby(sorted(rows, key=lambda row: (row.part, row.id)), key=lambda row: row.part):
        sent = _with_listeners(domain, list(group))
        try:
            deliver(target, domain, sent)
        except Exception as error:  # a process boundary: a target that is down must not stop the others
            log.warning("target_down", domain=domain, target=target, error=type(error).__name__)
            connections[target].close_if_unusable_or_obsolete()
            outbox(domain).postpone(sent, error)
            continue
        faultpoint("relay.after_send")
        outbox(domain).remove(sent)
        gone[target] = len(sent)
    return gone


def hand_over(domain: str, *, send: SendTask, limit: int = BATCH) -> int:
    """Hand the domain's tasks to the broker; returns how many. While it is down they wait, whole."""
    rows = outbox(domain).claim(parts=[TASK], limit=limit)
    for number, row in enumerate(rows):
        try:
            send(row)
        except Exception as error:  # a process boundary; the next would only wait for the same broker
            log.warning("broker_down", domain=domain, waiting=len(rows) - number, error=type(error).__name__)
            outbox(domain).postpone(rows[number:], error)
            return number
        faultpoint("relay.after_task")
        outbox(domain).remove([row])
    return len(rows)


def deliver(target: str, source: str, rows: Sequence[Row]) -> None:
    """Put events into the inbox of ``target``, once per handler; what is there already stays as it is."""
    records = [_record(row, handler) for row in rows for handler in handlers_of(row.topic, target)]
    if records:
        with connections[target].cursor() as cursor:
            cursor.execute(_RECEIVE.format(domain=target), [source, orjson.dumps(records).decode()])


# Private functions


def _record(row: Row, handler: Handler) -> dict[str, Any]:
    """One document for many rows: PostgreSQL takes it apart faster than Python quotes arrays."""
    return {
        "event_id": row.event_id,
        "handler": handler.name,
        "topic": row.topic,
        "event_version": row.event_version,
        "key": row.key,
        "payload": orjson.Fragment(row.payload),
        "occurred_at": row.occurred_at,
        "trace": orjson.Fragment(row.trace),
    }


def _with_listeners(domain: str, rows: list[Row]) -> list[Row]:
    """The rows that somebody will hear. The others wait, with all that follow in their keys, for the release that
    knows them; dropping them would lose what a newer publisher told an older listener."""
    sent, stuck, back = list[Row](), set[str](), list[Row]()
    for row in rows:
        if row.key in stuck:
            back.append(row)
        elif handlers_of(row.topic, row.part):
            sent.append(row)
        else:
            stuck.add(row.key)
            dead = outbox(domain).fail(row, Unheard(f"{row.part} has no handler for {row.topic}"))
            log.error("event_dead" if dead else "event_unheard", topic=row.topic, target=row.part)
    outbox(domain).give_back(back)
    return sent
