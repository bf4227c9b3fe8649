"""The relay process: woken by NOTIFY, with a look every second as a net."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

import psycopg
import structlog
from celery import Celery
from django.db import DatabaseError, InterfaceError, connections

from kelmah.events.doorbell import Doorbell
from kelmah.events.inbox import hear, never
from kelmah.events.queue import Row
from kelmah.events.relay import hand_over, relay
from kelmah.events.retention import forget_heard
from kelmah.http.idempotency import forget_old_keys

log = structlog.get_logger(__name__)

NET = 1.0  # seconds between looks when nothing wakes us
SWEEP = 3600.0  # seconds between sweeps of what is of no more use


class Loop:
    """Relays and hears for some local domains until it is asked to stop. Many may run: keys spread by themselves."""

    def __init__(self, domains: Iterable[str], broker: Celery) -> None:
        self.domains = list(domains)
        self._broker = broker

    def run(self, *, heartbeat: Path | None = None) -> None:
        """Until SIGTERM or SIGINT; the event that is being handled is finished first, the rest is given back.

        ``heartbeat`` is touched at every look: its age tells whether this process still works.
        """
        with Doorbell(self.domains) as bell, _Clerk(self._hand_over) as clerk:
            bell.stop_on(signal.SIGTERM, signal.SIGINT)
            log.info("relay_ready", domains=self.domains)
            sweep_at = time.monotonic() + SWEEP
            while not bell.stopped:
                told = bell.wait(NET)
                clerk.wake()
                self._look(told, lambda: bell.stopped)
                if time.monotonic() > sweep_at:
                    self._sweep(lambda: bell.stopped)
                    sweep_at = time.monotonic() + SWEEP
                if heartbeat:
                    heartbeat.touch()
        connections.close_all()

    def once(self) -> int:
        """Everything that is due now; returns how many rows moved."""
        return self._look(self.domains, never) + self._hand_over(never)

    # Private functions

    def _look(self, domains: Iterable[str], stopping: Callable[[], bool]) -> int:
        """Relay and hear for these domains and for those they tell something, until all are quiet."""
        total, busy = 0, dict.fromkeys(domains)  # in turns, so that no flood keeps the others waiting
        while busy and not stopping():
            domain = next(iter(busy))
            del busy[domain]
            with _Surviving(domain):
                told = relay(domain)
                heard = hear(domain, stopping=stopping)
                total += heard + sum(told.values())
                busy |= dict.fromkeys(target for target in told if target in self.domains)
                if told or heard:
                    busy[domain] = None
        return total

    def _sweep(self, stopping: Callable[[], bool]) -> None:
        for domain in self.domains:
            with _Surviving(domain):
                while not stopping() and forget_heard(domain):
                    pass
                forget_old_keys(domain)

    def _hand_over(self, stopping: Callable[[], bool]) -> int:
        total = 0
        for domain in self.domains:
            with _Surviving(domain):
                while not stopping() and (gone := hand_over(domain, send=self._send)):
                    total += gone
        return total

    def _send(self, row: Row) -> None:
        self._broker.send_task(row.topic, kwargs=json.loads(row.payload), task_id=str(row.event_id), retry=False)


class _Clerk:
    """A thread of its own for the broker: one that hangs must not delay a single event."""

    def __init__(self, work: Callable[[Callable[[], bool]], int]) -> None:
        self._work = work
        self._wanted, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="clerk")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._wanted.set()
        self._thread.join()

    def wake(self) -> None:
        """Raises RuntimeError when the thread has ended: then the process should, too, and be started again."""
        if not self._thread.is_alive():
            raise RuntimeError("the thread that hands tasks to the broker has died")
        self._wanted.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self._wanted.wait(NET)
            self._wanted.clear()
            self._work(self._over.is_set)
        connections.close_all()


class _Surviving:
    """What goes wrong with one domain's database is logged, and the others go on."""

    def __init__(self, domain: str) -> None:
        self.domain = domain

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        if not isinstance(error, psycopg.Error | DatabaseError | InterfaceError):
            return False
        log.warning("relay_lost_database", domain=self.domain, error=type(error).__name__)
        connections[self.domain].close()
        return True
