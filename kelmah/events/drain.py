"""Delivering everything at once, in this process: for tests and for the demo loader."""

import json

from django.conf import settings

from kelmah.events.broker import broker
from kelmah.events.inbox import hear
from kelmah.events.queue import Row
from kelmah.events.relay import hand_over, relay


def drain(*, rounds: int = 100) -> int:
    """Relay and hear until nothing local is left; returns how many rows moved. What a handler raises is raised.

    Works on the caller's own connections, so also inside a test's transaction. Tasks run here and now.
    """
    total = 0
    for _ in range(rounds):
        tasks: list[Row] = []
        moved = 0
        for domain in settings.LOCAL_DOMAINS:
            moved += sum(relay(domain).values()) + hand_over(domain, send=tasks.append)
        moved += sum(hear(domain, raising=True) for domain in settings.LOCAL_DOMAINS)
        for row in tasks:
            task = broker().tasks[row.topic]
            task.apply(kwargs=json.loads(row.payload), task_id=str(row.event_id), throw=True)
        if not moved:
            return total
        total += moved
    raise RuntimeError(f"still not quiet after {rounds} rounds: do two handlers answer each other for ever?")
