"""Hearing events: the handler's effect and the mark that it was heard commit together, so every effect happens once."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import structlog
from django.db import connections

from kelmah.db import atomic
from kelmah.events.handlers import Handler, all_handlers, handler_named
from kelmah.events.queue import Row, inbox, without_killers
from kelmah.events.serialization import decode_event
from kelmah.faultpoints import faultpoint

log = structlog.get_logger(__name__)


def hear(domain: str, *, limit: int = 200, raising: bool = False) -> int:
    """Let the domain's handlers hear what is due in its inbox; returns how many events were heard."""
    mine = [handler.name for handler in all_handlers() if handler.domain == domain]
    heard = 0
    taken = without_killers(inbox(domain), inbox(domain).claim(mine, limit=limit))
    for name, rows in groupby(_by_handler(taken), key=lambda row: row.part):
        handler = handler_named(name)
        heard += (_hear_together if handler.batch else _hear_each)(handler, list(rows), raising)
    return heard


# Private functions


def _by_handler(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.part, row.id))


def _hear_each(handler: Handler, rows: list[Row], raising: bool) -> int:
    heard, stuck = 0, set[str]()
    for row in rows:
        if row.key in stuck:  # what came before it in its key was not heard
            inbox(handler.domain).put_off([row])
        elif _hear_group(handler, [row], raising):
            heard += 1
        else:
            stuck.add(row.key)
    return heard


def _hear_together(handler: Handler, rows: list[Row], raising: bool) -> int:
    if len(rows) > 1 and _hear_group(handler, rows, raising=False, blame=False):
        return len(rows)
    return _hear_each(handler, rows, raising)  # one of them is bad: find out which


def _hear_group(handler: Handler, rows: list[Row], raising: bool, *, blame: bool = True) -> bool:
    try:
        with atomic(handler.domain):
            if not _mark(handler.domain, rows):
                return True  # heard by somebody else after our lease ran out
            events = [decode_event(row.topic, _parsed(row.payload)) for row in rows]
            handler.function(events if handler.batch else events[0])
            faultpoint("inbox.before_commit")
    except Exception as error:  # a process boundary: one bad event must not stop the others
        if raising:
            raise
        if blame:
            _blame(handler, rows[0], error)
        return False
    return True


def _mark(domain: str, rows: Iterable[Row]) -> bool:
    """Mark the rows as heard, if they are all still ours; the marks last only if the handler succeeds."""
    wanted = list(rows)
    with connections[domain].cursor() as cursor:
        cursor.execute(
            f"UPDATE {domain}_inbox SET completed_at = clock_timestamp() WHERE completed_at IS NULL AND"  # noqa: S608
            " (id, attempts) IN (SELECT * FROM unnest(%s::bigint[], %s::smallint[]))",
            [[row.id for row in wanted], [row.attempts for row in wanted]],
        )
        marked: int = cursor.rowcount
    if 0 < marked < len(wanted):
        raise RuntimeError("some rows of this batch were taken over by another worker")
    return marked > 0


def _blame(handler: Handler, row: Row, error: Exception) -> None:
    dead = inbox(handler.domain).fail(row, error)
    tell = log.error if dead else log.warning
    tell(
        "event_dead" if dead else "event_failed",
        handler=handler.name,
        event_id=str(row.event_id),
        attempt=row.attempts,
        error=type(error).__name__,
    )


def _parsed(payload: Any) -> Any:
    return json.loads(payload) if isinstance(payload, str) else payload
