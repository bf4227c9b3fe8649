"""What all sockets of one live process share: the hub, the list of sockets, a clock, threads for the database."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

from kelmah.live.hints import give_hint
from kelmah.live.hub import Hub, Source
from kelmah.live.sockets import Sockets

log = structlog.get_logger(__name__)
T = TypeVar("T")

CONTROL: Final = "control"  # the topic that every live process listens to by itself
_THREADS: Final = 4
_TICK: Final = 1.0


def end_session(session_id: UUID) -> None:
    """Close the sockets of a login session, wherever they are. From synchronous code, after the commit."""
    give_hint(CONTROL, orjson.dumps({"end_session": session_id}))


class LiveProcess:
    """One per process and event loop; a domain adds its own work to it."""

    def __init__(self, source: Source) -> None:
        self.hub = Hub(settings.REDIS_URL, source)
        self.sockets = Sockets()
        self._threads = ThreadPoolExecutor(_THREADS, "live")
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Inside the event loop, once."""
        self.hub.start()
        self._tasks = [asyncio.create_task(self._tick()), asyncio.create_task(self._obey())]

    async def ask(self, function: Callable[..., T], **arguments: Any) -> T:
        """Run synchronous code that uses the database on a thread. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, with_database, function, arguments)

    # Private methods

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self.sockets.check_admissions()

    async def _obey(self) -> None:
        await self.hub.listen(CONTROL, _Orders(self.sockets))


def with_database(function: Callable[..., T], arguments: Mapping[str, Any]) -> T:
    """Call it on a thread that keeps its connections; broken ones are thrown away, so that the next call works."""
    try:
        return function(**arguments)
    except (DatabaseError, InterfaceError):
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        raise


class _Orders:
    """A listener inside the process."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets

    def put(self, frame: str) -> None:
        try:
            order = orjson.loads(frame)
            self._sockets.end_session(UUID(order["end_session"]))
        except (ValueError, KeyError, TypeError):
            log.warning("order_not_understood")
