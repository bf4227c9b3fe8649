"""Being woken: LISTEN on every database of some domains, with a connection of its own for each."""

import os
import select
import signal
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any, Self

import psycopg
import structlog
from django.db import connections

from kelmah.events.channel import CHANNEL

log = structlog.get_logger(__name__)


class Doorbell:
    """``wait`` returns the domains that have something to tell. A notification is a hint: it may be lost with its
    connection, so whoever waits also looks by itself now and then."""

    def __init__(self, domains: Iterable[str]) -> None:
        self.domains = set(domains)
        self._open: dict[str, psycopg.Connection[Any]] = {}
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
        """Domains that told of something, all of them after ``timeout`` or when we may have missed a word."""
        if self._connect():
            return set(self.domains)
        rings: list[Any] = [self._interrupted, *self._open.values()]
        ready, _, _ = select.select(rings, [], [], timeout)
        told = set[str]()
        for place, connection in list(self._open.items()):
            if connection in ready:
                try:
                    told |= {note.payload for note in connection.notifies(timeout=0)}
                except psycopg.OperationalError:
                    log.warning("doorbell_lost", place=place)
                    self._open.pop(place).close()
        return told & self.domains if ready else set(self.domains)

    # Private functions

    def _connect(self) -> bool:
        """Listen where we don't yet; True when that is somewhere new."""
        places = _places(self.domains)
        missing = places.keys() - self._open.keys()
        for place in missing:
            try:
                connection = psycopg.connect(**places[place], autocommit=True)
                connection.execute(f"LISTEN {CHANNEL}")
            except psycopg.OperationalError:
                continue  # tried again after the next wait
            self._open[place] = connection
        return bool(missing & self._open.keys())

    def _stop(self, number: int, frame: FrameType | None) -> None:
        os.write(self._interrupt, b"!")  # never read: from now on no wait lasts


def _places(domains: Iterable[str]) -> Mapping[str, dict[str, Any]]:
    """Connection parameters, one set for each distinct database of the domains."""
    found: dict[str, dict[str, Any]] = {}
    for domain in sorted(domains):
        there = connections[domain].settings_dict
        found.setdefault(
            f"{there['HOST']}:{there['PORT']}/{there['NAME']}",
            {
                "host": there["HOST"],
                "port": there["PORT"],
                "dbname": there["NAME"],
                "user": there["USER"],
                "password": there["PASSWORD"],
                "application_name": "kelmah:relay",
                "connect_timeout": 5,
                # A database that vanished without a word is noticed within half a minute.
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 4,
            },
        )
    return found
