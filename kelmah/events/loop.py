"""The relay process: woken by NOTIFY, with a look every second as a net."""

import json
import signal
from collections.abc import Iterable
from contextlib import ExitStack
from types import FrameType
from typing import Any

import psycopg
import structlog
from celery import Celery
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connections

from kelmah.events.channel import CHANNEL
from kelmah.events.inbox import hear
from kelmah.events.queue import Row
from kelmah.events.relay import relay

log = structlog.get_logger(__name__)

NET = 1.0  # seconds between looks when nothing wakes us


class Loop:
    """Relays and hears for some local domains until it is asked to stop."""

    def __init__(self, domains: Iterable[str], broker: Celery) -> None:
        self.domains = list(domains)
        self.broker = broker
        self.stopping = False

    def run(self) -> None:
        """Until SIGTERM or SIGINT; what is being handled is finished first."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        while not self.stopping:
            try:
                with ExitStack() as stack:
                    self._listen(stack)
            except (psycopg.OperationalError, OperationalError, InterfaceError, DatabaseError) as error:
                log.warning("relay_lost_database", error=str(error).splitlines()[0])
                connections.close_all()
                signal.sigtimedwait([], NET)

    def once(self) -> int:
        """Everything that is due now; returns how many rows moved."""
        total = 0
        while not self.stopping:
            moved = sum(relay(domain, send_task=self._send) for domain in self.domains)
            moved += sum(hear(domain) for domain in self.domains)
            total += moved
            if not moved:
                break
        return total

    def _listen(self, stack: ExitStack) -> None:
        listeners = [
            stack.enter_context(psycopg.connect(**parameters, autocommit=True)) for parameters in self._databases()
        ]
        for listener in listeners:
            listener.execute(f"LISTEN {CHANNEL}")
        log.info("relay_ready", domains=self.domains)
        while not self.stopping:
            self.once()
            # With several databases each gets its share of the net's second.
            for listener in listeners:
                for _ in listener.notifies(timeout=NET / len(listeners), stop_after=1):
                    pass

    def _databases(self) -> list[dict[str, Any]]:
        """Connection parameters, one set for each distinct database of the domains."""
        found: dict[tuple[object, ...], dict[str, Any]] = {}
        for domain in self.domains:
            there = connections[domain].settings_dict
            parameters = {
                "host": there["HOST"],
                "port": there["PORT"],
                "dbname": there["NAME"],
                "user": there["USER"],
                "password": there["PASSWORD"],
                "application_name": "kelmah:relay",
            }
            found.setdefault((there["HOST"], there["PORT"], there["NAME"]), parameters)
        return list(found.values())

    def _send(self, row: Row) -> None:
        arguments = json.loads(row.payload) if isinstance(row.payload, str) else row.payload
        self.broker.send_task(row.topic, kwargs=arguments, task_id=str(row.event_id), retry=False)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def local_loop(broker: Celery) -> Loop:
    """A loop for every domain of this process."""
    return Loop(settings.LOCAL_DOMAINS, broker)
