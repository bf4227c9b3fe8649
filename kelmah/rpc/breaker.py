"""A circuit breaker per target: one that fails again and again is left alone for a while, so that its callers answer at
once and its recovery is not met by everybody who waited.

``closed`` lets every attempt through. After ``RPC_BREAKER_FAILURES`` failures in a row it is ``open`` and refuses.
After ``RPC_BREAKER_SECONDS`` more it is ``half_open``: one attempt is let through, and its outcome closes or opens it.

What counts is the target's silence: failed connections and time-outs. An error that it answers with is an answer. Own
code, since pybreaker holds its lock while a call runs, which would make one queue of all calls to a target.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Literal

import structlog
from django.conf import settings

from kelmah.rpc.errors import DeadlineExceeded, RemoteUnavailable

log = structlog.get_logger(__name__)

State = Literal["closed", "open", "half_open"]

_breakers: dict[str, "Breaker"] = {}
_lock = Lock()


class CircuitOpen(RemoteUnavailable):
    """The target failed again and again: no attempt was made."""


class Breaker:
    """Of one target, for all threads of this process, as long as the process lives."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False
        self._lock = Lock()

    @property
    def state(self) -> State:
        with self._lock:
            return self._state()

    @contextmanager
    def attempt(self, *, patient: bool) -> Iterator[None]:
        """Around one attempt. Raises CircuitOpen.

        A time-out counts only when the caller was ``patient``: one whose own time was nearly over proves nothing.
        """
        self._admit()
        try:
            yield
        except RemoteUnavailable:
            self._failed()
            raise
        except DeadlineExceeded:
            if patient:
                self._failed()
            else:
                self._unknown()
            raise
        except BaseException:  # none of the target's doing
            self._unknown()
            raise
        self._answered()

    # Private methods

    def _state(self) -> State:
        if self._opened_at is None:
            return "closed"
        return "half_open" if time.monotonic() - self._opened_at >= settings.RPC_BREAKER_SECONDS else "open"

    def _admit(self) -> None:
        with self._lock:
            state = self._state()
            if state == "open" or (state == "half_open" and self._trying):
                raise CircuitOpen(data={"retry_after": max(1, round(settings.RPC_BREAKER_SECONDS))})
            self._trying = state == "half_open"

    def _answered(self) -> None:
        with self._lock:
            was_open = self._opened_at is not None
            self._failures, self._opened_at, self._trying = 0, None, False
        if was_open:
            log.info("breaker_closed", target=self.target)

    def _failed(self) -> None:
        with self._lock:
            self._failures += 1
            # An attempt that began before the breaker opened tells nothing new; a failed trial does.
            opens = self._trying or (self._opened_at is None and self._failures >= settings.RPC_BREAKER_FAILURES)
            if opens:
                self._opened_at, self._trying = time.monotonic(), False
        if opens:
            log.warning("breaker_opened", target=self.target, failures=self._failures)

    def _unknown(self) -> None:
        with self._lock:
            self._trying = False


def breaker_of(target: str) -> Breaker:
    """The one of this process."""
    with _lock:
        return _breakers.setdefault(target, Breaker(target))


def breaker_states() -> dict[str, State]:
    """Every target called so far; for metrics."""
    with _lock:
        known = list(_breakers.values())
    return {breaker.target: breaker.state for breaker in known}
