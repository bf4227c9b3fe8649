"""Hearing events: the handler's effect and the mark that it was heard commit together, so every effect happens once."""

import json
from collections.abc import Callable
from itertools import groupby
from typing import Any

import structlog
from django.db import connections

from kelmah.db import atomic
from kelmah.events.handlers import handler_named, hearing, is_batch
from kelmah.events.queue import BATCH, Row, inbox
from kelmah.events.serialization import decode_event
from kelmah.faultpoints import faultpoint
from kelmah.http.request_id import on_behalf_of

log = structlog.get_logger(__name__)


class TakenOver(RuntimeError):
    """Part of a batch went to another worker when our lease ran out."""


def never() -> bool:
    return False


def hear(domain: str, *, limit: int = BATCH, raising: bool = False, stopping: Callable[[], bool] = never) -> int:
    """Let the domain's handlers hear what is due in its inbox; returns how many events left it.

    A failing handler makes its event wait, and with it the later ones of its key for that handler; ``raising`` is for
    tests. ``stopping`` is asked between two events.
    """
    heard = 0
    rows = sorted(inbox(domain).claim(limit=limit), key=lambda row: (row.part, row.id))
    for name, group in groupby(rows, key=lambda row: row.part):
        mine = list(group)
        if len(mine) > 1 and is_batch(name) and not stopping() and _hear_together(domain, mine):
            heard += len(mine)
        else:
            heard += _hear_each(domain, mine, raising, stopping)
    return heard


# Private functions


def _hear_each(domain: str, rows: list[Row], raising: bool, stopping: Callable[[], bool]) -> int:
    heard, stuck, back = 0, set[str](), list[Row]()
    for row in rows:
        if row.key in stuck or stopping():  # what came before it in its key was not heard
            back.append(row)
            continue
        try:
            if _hear(domain, [row]):
                heard += 1
            else:
                # Taken over. Our lease of the next one may look whole, but whoever has this one may not have heard it.
                stuck.add(row.key)
        except Exception as error:  # a process boundary: one bad event must not stop the others
            if raising:
                raise
            stuck.add(row.key)
            _blame(domain, row, error)
    inbox(domain).give_back(back)
    return heard


def _hear_together(domain: str, rows: list[Row]) -> bool:
    try:
        return _hear(domain, rows)
    except Exception as error:  # one of them is bad, and the next attempt, one by one, will tell which
        log.warning("batch_failed", handler=rows[0].part, size=len(rows), error=type(error).__name__)
        connections[domain].close_if_unusable_or_obsolete()
        return False


def _hear(domain: str, rows: list[Row]) -> bool:
    """The one transaction. False, and nothing happens, when somebody else took the rows after our lease ran out.

    Raises whatever the handler raises; LookupError for a handler or topic that this release doesn't know.
    """
    with on_behalf_of(*_request_of(rows[0])), atomic(domain):
        marked = inbox(domain).mark(rows)
        if not marked:
            return False
        if marked < len(rows):
            raise TakenOver(f"{len(rows) - marked} of {len(rows)} rows")
        handler = handler_named(rows[0].part)
        events = [decode_event(row.topic, row.payload) for row in rows]
        if handler.batch:
            handler.function(events)
        else:
            with hearing(rows[0].event_id):
                handler.function(events[0])
        faultpoint("inbox.before_commit")
    return True


def _blame(domain: str, row: Row, error: Exception) -> None:
    connections[domain].close_if_unusable_or_obsolete()  # the error may have been the connection's end
    dead = inbox(domain).fail(row, error)
    tell = log.error if dead else log.warning
    tell(
        "event_dead" if dead else "event_failed",
        handler=row.part,
        event_id=str(row.event_id),
        attempt=row.attempts,
        error=type(error).__name__,
    )


def _request_of(row: Row) -> tuple[str, str]:
    trace: dict[str, Any] = json.loads(row.trace)
    return str(trace.get("request_id", "")), str(trace.get("traceparent", ""))
