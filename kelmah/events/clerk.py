"""A thread of its own for one who may hang: the broker, or a domain in another process."""

import threading
from collections.abc import Callable
from typing import Self

from django.db import connections

NET = 1.0  # seconds between looks when nothing wakes us


class Clerk:
    """Does ``work`` whenever it is woken, and every second; ``work`` is given what tells it to stop."""

    def __init__(self, name: str, work: Callable[[Callable[[], bool]], int]) -> None:
        self._name, self._work = name, work
        self._wanted, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"clerk:{name}")

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
            raise RuntimeError(f"the thread that serves {self._name} has died")
        self._wanted.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self._wanted.wait(NET)
            self._wanted.clear()
            self._work(self._over.is_set)
        connections.close_all()
