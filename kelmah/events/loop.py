"""The relay process: woken by NOTIFY, with a look every second as a net."""

import json
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import structlog
from celery import Celery
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

from kelmah.events import over_http
from kelmah.events.broker import hand_to
from kelmah.events.clerk import NET, Clerk
from kelmah.events.doorbell import Doorbell
from kelmah.events.event import listeners_of
from kelmah.events.inbox import hear, never
from kelmah.events.queue import Row
from kelmah.events.relay import hand_over, relay
from kelmah.events.retention import forget_heard
from kelmah.http.idempotency import forget_old_keys
from kelmah.rpc.placement import url_of

log = structlog.get_logger(__name__)

SWEEP = 3600.0  # seconds between sweeps of what is of no more use


def elsewhere(domain: str) -> list[str]:
    """The deployed domains in other processes that hear something of this one."""
    return sorted((listeners_of(domain) & settings.DOMAINS) - set(settings.LOCAL_DOMAINS))


class Loop:
    """Relays and hears for some local domains until it is asked to stop. Many may run: keys spread by themselves."""

    def __init__(self, domains: Iterable[str], broker: Celery) -> None:
        """Raises LookupError when nothing says where a listener is."""
        self.domains = list(domains)
        self._broker = broker
        self._elsewhere = sorted({target for domain in self.domains for target in elsewhere(domain)})
        for target in self._elsewhere:
            url_of(target)  # said now, not by every clerk every second
        self._clerks: list[Clerk] = []

    def run(self, *, heartbeat: Path | None = None) -> None:
        """Until SIGTERM or SIGINT; the event that is being handled is finished first, the rest is given back.

        ``heartbeat`` is touched at every look: its age tells whether this process still works.
        """
        with Doorbell(self.domains) as bell, ExitStack() as stack:
            # One for each who may keep us waiting: one that is down, or slow, delays only itself.
            works = {"broker": self._hand_over} | {target: partial(self._forward, target) for target in self._elsewhere}
            _make_room(self.domains, workers=len(works) + 1)
            self._clerks = [stack.enter_context(Clerk(name, work)) for name, work in works.items()]
            bell.stop_on(signal.SIGTERM, signal.SIGINT)
            log.info("relay_ready", domains=self.domains, elsewhere=self._elsewhere)
            sweep_at = time.monotonic() + SWEEP
            while not bell.stopped:
                told = bell.wait(NET)
                self._wake_clerks()
                self._look(told, lambda: bell.stopped)
                if time.monotonic() > sweep_at:
                    self._sweep(lambda: bell.stopped)
                    sweep_at = time.monotonic() + SWEEP
                if heartbeat:
                    heartbeat.touch()
        connections.close_all()

    def once(self) -> int:
        """Everything that is due now; returns how many rows moved."""
        forwarded = sum(self._forward(target, never) for target in self._elsewhere)
        return self._look(self.domains, never) + forwarded + self._hand_over(never)

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
                if heard:  # it may have said something that is for the clerks
                    self._wake_clerks()
        return total

    def _wake_clerks(self) -> None:
        for clerk in self._clerks:
            clerk.wake()

    def _forward(self, target: str, stopping: Callable[[], bool]) -> int:
        """Tell a domain in another process what these domains have for it, until they are quiet or it is down."""
        total = 0
        for domain in self.domains:
            with _Surviving(domain):
                while not stopping() and not over_http.is_down(target) and target in elsewhere(domain):
                    gone = relay(domain, targets=[target]).get(target, 0)
                    if not gone:
                        break
                    total += gone
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
        hand_to(self._broker, task=row.topic, arguments=json.loads(row.payload), task_id=str(row.event_id))


def _make_room(domains: Iterable[str], *, workers: int) -> None:
    """A connection for each thread of this process: with fewer, one that waits for a domain that is slow or down would
    keep the others from theirs. Before the first connection is opened."""
    for domain in domains:
        pool = connections.settings[domain]["OPTIONS"].get("pool")
        if isinstance(pool, dict):
            pool["max_size"] = max(pool["max_size"], workers)


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
