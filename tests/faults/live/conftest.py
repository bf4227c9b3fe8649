"""Fixtures of the live tests: Redis and processes of their own, since both get killed."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from kelmah.embedded.redis import Redis
from kelmah.http import store
from tests.messaging.live_system import LiveServer


@pytest.fixture
def redis_server(settings: Any) -> Iterator[Redis]:
    """A Redis that may be killed and restarted; this test's own process uses it, too."""
    server = Redis.for_tests()
    settings.REDIS_URL = server.start()
    try:
        yield server
    finally:
        server.stop()
        store._quiet_until.clear()


@pytest.fixture
def start_live(redis_server: Redis, tmp_path: Path) -> Iterator[Callable[..., LiveServer]]:
    """``start_live()``: one more live process; environment variables as keywords."""
    servers: list[LiveServer] = []

    def start(**environment: str) -> LiveServer:
        log = tmp_path / f"live-{len(servers)}.log"
        servers.append(LiveServer(redis_url=redis_server.url, log=log, **environment))
        return servers[-1].start()

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def play() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine to its end, as the test's one event loop."""
    return asyncio.run
