"""From the outbox of one domain to the inboxes of the others, wherever they are, and to the Celery broker."""

from collections.abc import Callable, Sequence
from itertools import groupby

import structlog
from django.conf import settings
from django.db import connections

from kelmah.events import over_http
from kelmah.events.channel import TASK
from kelmah.events.queue import BATCH, Row, outbox
from kelmah.events.receive import Receipt, receive
from kelmah.faultpoints import faultpoint

log = structlog.get_logger(__name__)

SendTask = Callable[[Row], None]


class Unheard(LookupError):
    """The listening domain has no handler for an event that names it, in this release."""


def relay(domain: str, *, targets: Sequence[str] | None = None, limit: int = BATCH) -> dict[str, int]:
    """Hand on the events that ``domain`` has to tell these targets (the local ones); returns how many went where."""
    gone: dict[str, int] = {}
    rows = outbox(domain).claim(parts=settings.LOCAL_DOMAINS if targets is None else targets, limit=limit)
    for target, group in groupby(sorted(rows, key=lambda row: (row.part, row.id)), key=lambda row: row.part):
        mine = list(group)
        try:
            receipt = _bring(target, domain, mine)
        except Exception as error:  # a process boundary: a target that is down must not stop the others
            log.warning("target_down", domain=domain, target=target, error=type(error).__name__)
            if target in connections:
                connections[target].close_if_unusable_or_obsolete()
            outbox(domain).postpone(mine, error)
            continue
        faultpoint("relay.after_send")
        gone[target] = _settle(domain, mine, receipt)
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


# Private functions


def _bring(target: str, source: str, rows: Sequence[Row]) -> Receipt:
    if target in settings.LOCAL_DOMAINS:
        return receive(target, source, rows)
    return over_http.send(target, source, rows)


def _settle(domain: str, rows: Sequence[Row], receipt: Receipt) -> int:
    """What was taken leaves the outbox, what nobody hears is blamed, what follows it waits; returns how many left."""
    taken = [row for row in rows if row.event_id in receipt.taken]
    outbox(domain).remove(taken)
    for row in rows:
        if row.event_id in receipt.unheard:
            dead = outbox(domain).fail(row, Unheard(f"{row.part} has no handler for {row.topic}"))
            log.error("event_dead" if dead else "event_unheard", topic=row.topic, target=row.part)
    known = receipt.taken | receipt.unheard
    outbox(domain).give_back([row for row in rows if row.event_id not in known])
    return len(taken)
