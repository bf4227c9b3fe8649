"""The two ways to tell of a change: in the transaction that makes it, or not at all. Only actions import this."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connections

from kelmah import clock
from kelmah.db import in_atomic
from kelmah.events.channel import CHANNEL, TASK
from kelmah.events.event import Event
from kelmah.events.serialization import encode_event
from kelmah.http.request_id import current_request_id, current_traceparent
from kelmah.ids import new_id

# One round trip; PostgreSQL sends one notification per transaction, however often it is asked.
_INSERT = """
WITH told AS (
    INSERT INTO {domain}_outbox (event_id, target, topic, event_version, key, payload, occurred_at, trace)
    SELECT event_id, target, topic, event_version, key, payload, %s, %s::jsonb
    FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (event_id uuid, target text, topic text, event_version smallint,
        key text, payload jsonb)) WITH ORDINALITY AS told(event_id, target, topic, event_version, key, payload, number)
    ORDER BY number
)
SELECT pg_notify(%s, %s)
"""


class NotInTransaction(RuntimeError):
    """An event was published outside the transaction of the domain whose fact it is."""


def publish(*events: Event) -> None:
    """Tell every listening domain of these facts, in this order, once the open transaction commits.

    Raises NotInTransaction, and TypeError for an event that doesn't hold what it declares.
    """
    for event in events:
        if in_atomic() != event.domain:
            raise NotInTransaction(f"{event.topic} must be published inside atomic({event.domain!r})")
    records = [record for event in events for record in _records(event)]
    if records:
        _write(events[0].domain, records)


def enqueue(task: str, **arguments: Any) -> UUID:
    """Hand ``task`` to Celery once the open transaction commits; returns the task's id.

    The task may run twice: it must look at the rows it is about. Raises NotInTransaction.
    """
    domain = in_atomic()
    if domain is None or not task.startswith(f"{domain}."):
        raise NotInTransaction(f"{task} must be enqueued inside the transaction of its own domain")
    event_id = new_id()
    _write(domain, [_record(event_id, TASK, task, 1, str(event_id), orjson.dumps(arguments))])
    return event_id


# Private functions


def _records(event: Event) -> list[dict[str, Any]]:
    """One per listening domain that is deployed."""
    event_id, payload = new_id(), encode_event(event)
    targets = [domain for domain in event.listeners if domain in settings.DOMAINS]
    return [_record(event_id, target, event.topic, event.version, event.key, payload) for target in targets]


def _record(event_id: UUID, target: str, topic: str, version: int, key: str, payload: bytes) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "target": target,
        "topic": topic,
        "event_version": version,
        "key": key,
        "payload": orjson.Fragment(payload),
    }


def _write(domain: str, records: Sequence[dict[str, Any]]) -> None:
    trace = orjson.dumps({"request_id": current_request_id(), "traceparent": current_traceparent()}).decode()
    with connections[domain].cursor() as cursor:
        cursor.execute(
            _INSERT.format(domain=domain), [clock.now(), trace, orjson.dumps(records).decode(), CHANNEL, domain]
        )
