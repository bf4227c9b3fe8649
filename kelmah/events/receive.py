"""Into the inbox of a listening domain, once per handler, whoever brings it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
from django.db import connections

from kelmah.events.channel import CHANNEL
from kelmah.events.handlers import Handler, handlers_of

_RECEIVE = """
INSERT INTO {domain}_inbox (event_id, handler, source, topic, event_version, key, payload, occurred_at, trace)
SELECT event_id, handler, %s, topic, event_version, key, payload, occurred_at, trace
FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS (event_id uuid, handler text, topic text, event_version smallint,
    key text, payload jsonb, occurred_at timestamptz, trace jsonb))
    WITH ORDINALITY AS told(event_id, handler, topic, event_version, key, payload, occurred_at, trace, number)
ORDER BY number
ON CONFLICT (event_id, handler) DO NOTHING
"""


class Told(Protocol):
    """An event on its way; ``payload`` and ``trace`` are JSON text."""

    @property
    def event_id(self) -> UUID: ...
    @property
    def topic(self) -> str: ...
    @property
    def event_version(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def payload(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def trace(self) -> str: ...


@dataclass(frozen=True)
class Receipt:
    """``taken``: in the inbox now, or long since. ``unheard``: this release of the listener has no handler for them.

    What follows an unheard event in its key is neither: it stays with the teller, so that the release that knows the
    event hears everything in its place. Dropping it would lose what a newer publisher told an older listener.
    """

    taken: frozenset[UUID]
    unheard: frozenset[UUID]


def receive(target: str, source: str, told: Sequence[Told]) -> Receipt:
    """Put the events that ``source`` tells, in order, into the inbox of the local domain ``target``."""
    taken, unheard, stuck, records = set[UUID](), set[UUID](), set[str](), list[dict[str, Any]]()
    for event in told:
        if event.key in stuck:
            continue
        if handlers := handlers_of(event.topic, target):
            taken.add(event.event_id)
            records += [_record(event, handler) for handler in handlers]
        else:
            stuck.add(event.key)
            unheard.add(event.event_id)
    if records:
        with connections[target].cursor() as cursor:
            cursor.execute(_RECEIVE.format(domain=target), [source, orjson.dumps(records).decode()])
    return Receipt(frozenset(taken), frozenset(unheard))


def ring(target: str) -> None:
    """Wake the relay of ``target``: for a process that receives but does not hear."""
    with connections[target].cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, target])


# Private functions


def _record(event: Told, handler: Handler) -> dict[str, Any]:
    """One document for many rows: PostgreSQL takes it apart faster than Python quotes arrays."""
    return {
        "event_id": event.event_id,
        "handler": handler.name,
        "topic": event.topic,
        "event_version": event.event_version,
        "key": event.key,
        "payload": orjson.Fragment(event.payload),
        "occurred_at": event.occurred_at,
        "trace": orjson.Fragment(event.trace),
    }
