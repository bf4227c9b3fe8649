"""One process's two connections to Redis: one that listens, one that publishes in batches.

redis-py's own PubSub reconnects silently, which hides that hints were missed. Here an interruption is told, so that the
hub can look into the database.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

import structlog
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

_RECONNECT: Final = (0.05, 0.1, 0.2, 0.5, 1.0)  # seconds between attempts; the last one repeats
_CONFIRMED_WITHIN: Final = 2.0
_PING_EVERY: Final = 5.0
_SILENT_FOR: Final = 12.0  # seconds without a sound after which a connection counts as dead
_AT_ONCE: Final = 500
_KEPT: Final = 10_000  # hints that wait for a publishing connection; older ones are lost, as hints may be
_HEARTBEAT: Final = "live:heartbeat"  # Redis wants at least one channel

_Trouble = (RedisError, OSError, TimeoutError)


class Bus:
    """Channels wanted by this process, and hints on their way out.

    ``on_hint`` gets channel and bytes. ``on_listening`` is called whenever all wanted channels are being listened to
    after a time when they were not: what was published in between is lost.
    """

    def __init__(self, url: str, *, on_hint: Callable[[str, bytes], None], on_listening: Callable[[], None]) -> None:
        self._pool = ConnectionPool.from_url(url, protocol=2, socket_timeout=None, socket_connect_timeout=2)
        self._on_hint, self._on_listening = on_hint, on_listening
        self._wanted: set[str] = set()
        self._confirmations: dict[str, asyncio.Future[None]] = {}
        self._listener: AbstractConnection | None = None
        self._heard_at = 0.0
        self._outgoing: deque[tuple[str, bytes]] = deque(maxlen=_KEPT)
        self._something_to_say = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def listening(self) -> bool:
        """Whether hints arrive now, as far as we know."""
        return self._listener is not None

    def start(self) -> None:
        self._tasks = [asyncio.create_task(job()) for job in (self._listen, self._watch, self._publish)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def subscribe(self, channel: str) -> None:
        """Returns when hints of the channel will arrive; while Redis is away, at once: ``on_listening`` comes later."""
        self._wanted.add(channel)
        if self._listener is None:
            return
        confirmed = self._confirmations.setdefault(channel, asyncio.get_running_loop().create_future())
        try:
            await self._listener.send_command("SUBSCRIBE", channel)
            await asyncio.wait_for(asyncio.shield(confirmed), _CONFIRMED_WITHIN)
        except _Trouble as error:
            log.warning("bus_not_confirmed", error=type(error).__name__)

    async def unsubscribe(self, channel: str) -> None:
        self._wanted.discard(channel)
        if self._listener is not None:
            try:
                await self._listener.send_command("UNSUBSCRIBE", channel)
            except _Trouble as error:
                log.warning("bus_not_confirmed", error=type(error).__name__)

    def publish(self, channel: str, hint: bytes) -> None:
        """Everything published in one turn of the loop goes out in one write."""
        self._outgoing.append((channel, hint))
        self._something_to_say.set()

    # Private methods

    def _new_connection(self) -> AbstractConnection:
        # Of no pool: each of the two tasks has one, and the next when that one breaks.
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]  # redis' gap
        return connection

    async def _listen(self) -> None:
        attempt = 0
        while True:
            connection = self._new_connection()
            try:
                await connection.connect()  # type: ignore[no-untyped-call]  # redis-py says nothing about it
                await self._subscribe_to_all(connection)
                self._listener, attempt = connection, 0
                self._on_listening()
                while True:
                    self._take(await connection.read_response(disable_decoding=True))
            except _Trouble as error:
                log.warning("bus_lost_redis", error=type(error).__name__)
            finally:
                self._listener = None
                self._confirm_all()
                await connection.disconnect(nowait=True)
            await asyncio.sleep(_RECONNECT[min(attempt, len(_RECONNECT) - 1)])
            attempt += 1

    async def _subscribe_to_all(self, connection: AbstractConnection) -> None:
        done: set[str] = set()
        # More may be wanted while the first are being confirmed.
        while missing := {_HEARTBEAT, *self._wanted} - done:
            await connection.send_command("SUBSCRIBE", *missing)
            while not missing <= done:
                reply = await asyncio.wait_for(
                    connection.read_response(disable_decoding=True), timeout=_CONFIRMED_WITHIN
                )
                self._take(reply)
                if reply[0] == b"subscribe":
                    done.add(reply[1].decode())

    def _take(self, reply: Any) -> None:
        self._heard_at = time.monotonic()
        if reply[0] == b"message":
            self._on_hint(reply[1].decode(), reply[2])
        elif reply[0] == b"subscribe" and (confirmed := self._confirmations.pop(reply[1].decode(), None)):
            confirmed.set_result(None)

    def _confirm_all(self) -> None:
        """Nobody waits for a dead connection: after the next one everything is caught up anyway."""
        for confirmed in self._confirmations.values():
            confirmed.set_result(None)
        self._confirmations.clear()

    async def _watch(self) -> None:
        """A machine that vanished closes no connection: ask for a sign of life."""
        while True:
            await asyncio.sleep(_PING_EVERY)
            listener = self._listener
            if listener is None:
                continue
            try:
                if time.monotonic() - self._heard_at > _SILENT_FOR:
                    await listener.disconnect(nowait=True)
                else:
                    await listener.send_command("PING")
            except _Trouble as error:
                log.warning("bus_lost_redis", error=type(error).__name__)

    async def _publish(self) -> None:
        attempt = 0
        while True:
            connection = self._new_connection()
            try:
                await connection.connect()  # type: ignore[no-untyped-call]  # redis-py says nothing about it
                attempt = 0
                while True:
                    await self._something_to_say.wait()
                    await self._say(connection)
            except _Trouble as error:
                log.warning("bus_can_not_publish", error=type(error).__name__, waiting=len(self._outgoing))
            finally:
                await connection.disconnect(nowait=True)
            await asyncio.sleep(_RECONNECT[min(attempt, len(_RECONNECT) - 1)])
            attempt += 1

    async def _say(self, connection: AbstractConnection) -> None:
        batch = list(islice(self._outgoing, _AT_ONCE))
        if not batch:
            self._something_to_say.clear()
            return
        await connection.send_packed_command(connection.pack_commands([("PUBLISH", *hint) for hint in batch]))
        async with asyncio.timeout(_SILENT_FOR):
            for _ in batch:
                await connection.read_response()
        # Only now: what a dying connection swallowed is said again, and twice is harmless.
        for _ in range(min(len(batch), len(self._outgoing))):
            self._outgoing.popleft()
