"""Delivering everything at once, in this process: for tests and for the demo loader."""

import json

from django.conf import settings

from kelmah.events.broker import broker
from kelmah.events.inbox import hear
from kelmah.events.queue import Row
from kelmah.events.relay import relay


def drain(*, rounds: int = 100) -> int:
    """Relay and hear until nothing local is left; returns how many events were handled. Errors are raised.

    Works on the caller's own connections, so also inside a test's transaction. Tasks run here and now.
    """
    total = 0
    for _ in range(rounds):
        tasks: list[Row] = []
        moved = sum(relay(domain, send_task=tasks.append, raising=True) for domain in settings.LOCAL_DOMAINS)
        moved += sum(hear(domain, raising=True) for domain in settings.LOCAL_DOMAINS)
        for row in tasks:
            arguments = json.loads(row.payload) if isinstance(row.payload, str) else row.payload
            broker().tasks[row.topic].apply(kwargs=arguments, task_id=str(row.event_id), throw=True)
        if not moved:
            return total
        total += moved
    raise RuntimeError(f"still not quiet after {rounds} rounds: do two handlers answer each other for ever?")
