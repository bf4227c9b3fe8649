"""Being woken: LISTEN on every database of some domains, with a connection of its own for each."""

import os
import select
import signal
import time
from collections.abc import Iterable
from types import FrameType
from typing import Any, Self

import psycopg
import structlog

from kelmah.db import direct
from kelmah.events.channel import CHANNEL

log = structlog.get_logger(__name__)


class Doorbell:
    """``wait`` returns the domains that have something to tell. A notification is a hint: it may be lost with its
    connection, so whoever waits also looks by itself now and then."""

    def __init__(self, domains: Iterable[str]) -> None:
        self.domains = set(domains)
        self._open: dict[str, psycopg.Connection[Any]] = {}
        self._all_at = 0.0
        self._interrupted, self._interrupt = os.pipe()
        os.set_blocking(self._interrupt, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._open.values():
            connection.close()
        os.close(self._interrupt)
        os.close(self._interrupted)

    def stop_on(self, *signals: signal.Signals) -> None:
        """Let these signals end the waiting at once, now and for ever."""
        for number in signals:
            signal.signal(number, self._stop)

    @property
    def stopped(self) -> bool:
        return bool(select.select([self._interrupted], [], [], 0)[0])

    def wait(self, timeout: float) -> set[str]:
        """Domains that told of something; all of them every ``timeout``, and when we may have missed a word."""
        if self._connect():
            return self._all()
        rings: list[Any] = [self._interrupted, *self._open.values()]
        ready, _, _ = select.select(rings, [], [], max(0.0, self._all_at + timeout - time.monotonic()))
        told = set[str]()
        for place, connection in list(self._open.items()):
            if connection in ready:
                try:
                    told |= {note.payload for note in connection.notifies(timeout=0)}
                except psycopg.OperationalError:
                    log.warning("doorbell_lost", place=place)
                    self._open.pop(place).close()
        # However often one domain rings, the others get their turn: what waits for a second try rings no bell.
        return told & self.domains if ready and time.monotonic() < self._all_at + timeout else self._all()

    # Private functions

    def _all(self) -> set[str]:
        self._all_at = time.monotonic()
        return set(self.domains)

    def _connect(self) -> bool:
        """Listen where we don't yet; True when that is somewhere new."""
        places = {direct.place_of(domain): domain for domain in self.domains}
        missing = places.keys() - self._open.keys()
        for place in missing:
            try:
                connection = direct.connect(places[place], name="kelmah:relay")
                connection.execute(f"LISTEN {CHANNEL}")
            except psycopg.OperationalError:
                continue  # tried again after the next wait
            self._open[place] = connection
        return bool(missing & self._open.keys())

    def _stop(self, number: int, frame: FrameType | None) -> None:
        os.write(self._interrupt, b"!")  # never read: from now on no wait lasts
