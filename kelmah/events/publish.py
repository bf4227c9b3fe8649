"""The two ways to tell of a change: in the transaction that makes it, or not at all. Only actions import this."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

from kelmah import clock
from kelmah.db import in_atomic
from kelmah.events.channel import CHANNEL, TASK
from kelmah.events.event import Event
from kelmah.events.serialization import encode_event
from kelmah.http.request_id import current_request_id
from kelmah.ids import new_id

# One round trip; PostgreSQL sends one notification per transaction, however often it is asked.
_INSERT = """
WITH told AS (
    INSERT INTO {domain}_outbox (event_id, target, topic, event_version, key, payload, occurred_at, trace)
    SELECT %s, target, %s, %s, %s, %s::jsonb, %s, %s::jsonb FROM unnest(%s::text[]) AS target
)
SELECT pg_notify(%s, %s)
"""


class NotInTransaction(RuntimeError):
    """An event was published outside the transaction of the domain whose fact it is."""


def publish(event: Event) -> None:
    """Tell every listening domain of ``event`` once the open transaction commits. Raises NotInTransaction."""
    if in_atomic() != event.domain:
        raise NotInTransaction(f"{event.topic} must be published inside atomic({event.domain!r})")
    targets = [domain for domain in event.listeners if domain in settings.DOMAINS]
    if targets:
        _write(event.domain, event.topic, event.version, event.key, encode_event(event), targets)


def enqueue(task: str, **arguments: Any) -> UUID:
    """Hand ``task`` to Celery once the open transaction commits; returns the task's id.

    The task may run twice: it must look at the rows it is about. Raises NotInTransaction.
    """
    domain = in_atomic()
    if domain is None or not task.startswith(f"{domain}."):
        raise NotInTransaction(f"{task} must be enqueued inside the transaction of its own domain")
    return _write(domain, task, 1, "", json.dumps(arguments), [TASK])


def _write(domain: str, topic: str, version: int, key: str, payload: str, targets: list[str]) -> UUID:
    event_id = new_id()
    trace = json.dumps({"request_id": current_request_id()})
    with connections[domain].cursor() as cursor:
        cursor.execute(
            _INSERT.format(domain=domain),
            [event_id, topic, version, key or str(event_id), payload, clock.now(), trace, targets, CHANNEL, domain],
        )
    return event_id
