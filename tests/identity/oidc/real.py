"""oidc-provider-mock, a provider made for tests by others, in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import HOST, answers, free_port
from tests.identity.oidc.browser import Way, at_provider

_STARTED_WITHIN = 30.0  # seconds


class RealProvider:
    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def knows(self, sub: str, **claims: Any) -> None:
        httpx.put(f"{self.issuer}/users/{sub}", json=claims).raise_for_status()

    def log_in(self, way: Way, sub: str) -> dict[str, str]:
        return at_provider(way, form={"sub": sub})


@contextmanager
def real_provider() -> Iterator[RealProvider]:
    port = free_port()
    process = start_child(
        (sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--host", HOST, "--port", str(port), "-n", "yes"),
        env=dict(os.environ),
        cwd=CLONE,
        output=subprocess.DEVNULL,
        on_parent_death=signal.SIGTERM,
    )
    try:
        until = time.monotonic() + _STARTED_WITHIN
        while not answers(port):
            assert process.poll() is None, "the provider ended"
            assert time.monotonic() < until, "the provider does not answer"
            time.sleep(0.05)
        yield RealProvider(f"http://{HOST}:{port}")
    finally:
        stop_child(process)
