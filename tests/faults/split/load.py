"""Many people at once, and what became of every request."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx


@dataclass
class Load:
    """``failures``: when, what and how each request failed that did; ``done``: how many did not."""

    done: int = 0
    failures: list[tuple[float, str, str]] = field(default_factory=list)
    failed_keys: list[str] = field(default_factory=list)

    def failed(self, kind: str) -> list[tuple[float, str, str]]:
        return [failure for failure in self.failures if failure[1] == kind]


Send = Callable[[httpx.Client, str], httpx.Response]


@contextmanager
def load(url: str, kinds: dict[str, Send], *, people: int = 16) -> Iterator[Load]:
    """While the block runs, ``people`` send these requests in turn, each as fast as it is answered.

    A request has failed when nobody answers it, or with 500 and above.
    """
    seen, over, lock = Load(), threading.Event(), threading.Lock()

    def person() -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not over.is_set():
                for kind, send in kinds.items():
                    key = secrets.token_hex(12)
                    try:
                        status = str(send(client, key).status_code)
                    except httpx.TransportError as error:
                        status = type(error).__name__
                    with lock:
                        if status.isdecimal() and int(status) < 500:
                            seen.done += 1
                        else:
                            seen.failures.append((time.monotonic(), kind, status))
                            seen.failed_keys.append(key)

    threads = [threading.Thread(target=person) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=60)
