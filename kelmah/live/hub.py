"""The hub: one Redis subscription per process and channel, one decoding per hint, local fan-out.

It replaces a channel layer on the hot path (a Redis channel and a task per socket), which costs six times as much and
drops messages silently when it is full. Here nothing that matters can be lost: hints carry a sequence number, whoever
misses one fetches it from the database, and so does everybody after the connection to Redis was interrupted.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import redis.asyncio as redis
import structlog

from kelmah.live.hints import unpack
from kelmah.live.outbound import Outbound

log = structlog.get_logger(__name__)

RECONNECT: Final = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between attempts; the last one repeats

# Called with a channel and the subscriber that may have missed something.
CatchUp = Callable[[str, "Subscription"], Awaitable[None]]


@dataclass(eq=False)
class Subscription:
    """One connection's interest in one channel.

    ``last``: the highest sequence number it was given, in order; ``seen``: the highest that any hint spoke of.
    """

    outbound: Outbound
    last: int = 0
    seen: int = 0
    catching_up: bool = False
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Hub:
    """One per process and event loop."""

    def __init__(self, url: str, catch_up: CatchUp) -> None:
        self._url, self._catch_up = url, catch_up
        self._channels: dict[str, set[Subscription]] = {}
        self._client = redis.Redis.from_url(url, socket_connect_timeout=2)
        self._pubsub: redis.client.PubSub | None = None
        self._reader: asyncio.Task[None] | None = None
        self._outgoing: list[tuple[str, bytes]] = []
        self._flushing: asyncio.Task[None] | None = None
        self.epoch = 0

    def start(self) -> None:
        """Begin to listen; once."""
        if self._reader is None:
            self._reader = asyncio.ensure_future(self._listen())

    async def subscribe(self, channel: str, subscription: Subscription) -> None:
        """From now on hints of the channel reach the connection; what came before is caught up by the caller."""
        members = self._channels.setdefault(channel, set())
        members.add(subscription)
        if len(members) == 1 and self._pubsub is not None:
            try:
                await self._pubsub.subscribe(channel)
            except redis.RedisError:
                log.warning("hub_lost_redis")  # the reader reconnects and subscribes to all channels again

    async def unsubscribe(self, channel: str, subscription: Subscription) -> None:
        members = self._channels.get(channel)
        if members is None:
            return
        members.discard(subscription)
        if not members:
            del self._channels[channel]
            if self._pubsub is not None:
                try:
                    await self._pubsub.unsubscribe(channel)
                except redis.RedisError:
                    log.warning("hub_lost_redis")

    def publish(self, channel: str, hint: bytes) -> None:
        """Give a hint to every process; all of one turn of the loop go out in one round trip."""
        self._outgoing.append((channel, hint))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.ensure_future(self._flush())

    # Private methods

    async def _flush(self) -> None:
        while self._outgoing:
            batch, self._outgoing = self._outgoing, []
            try:
                async with self._client.pipeline(transaction=False) as pipe:
                    for channel, hint in batch:
                        pipe.publish(channel, hint)
                    await pipe.execute()
            except redis.RedisError as error:
                # Stored already; whoever is connected here is told at least by the catch-up after the reconnection.
                log.warning("hints_lost", count=len(batch), error=type(error).__name__)
                for channel, hint in batch:
                    self._deliver(channel, hint)

    async def _listen(self) -> None:
        attempt = 0
        while True:
            try:
                pubsub = self._client.pubsub(ignore_subscribe_messages=True)
                await pubsub.subscribe("live:keepalive", *self._channels)
                self._pubsub, attempt = pubsub, 0
                self.epoch += 1
                if self.epoch > 1:
                    self._everybody_catches_up()
                async for message in pubsub.listen():
                    self._deliver(message["channel"].decode(), message["data"])
            except (redis.RedisError, OSError) as error:
                self._pubsub = None
                log.warning("hub_lost_redis", error=type(error).__name__)
                await asyncio.sleep(RECONNECT[min(attempt, len(RECONNECT) - 1)])
                attempt += 1

    def _deliver(self, channel: str, hint: bytes) -> None:
        members = self._channels.get(channel)
        if not members:
            return
        seq, frame = unpack(hint)
        for subscription in tuple(members):
            subscription.seen = max(subscription.seen, seq)
            if not seq:
                subscription.outbound.put(frame)
            elif seq == subscription.last + 1 and not subscription.catching_up:
                subscription.last = seq
                subscription.outbound.put(frame)
            elif seq > subscription.last:
                self.catch_up(channel, subscription)

    def catch_up(self, channel: str, subscription: Subscription) -> None:
        """Fetch what the connection misses from the database."""
        if not subscription.catching_up:
            subscription.catching_up = True
            task = asyncio.ensure_future(self._run_catch_up(channel, subscription))
            subscription.tasks.add(task)
            task.add_done_callback(subscription.tasks.discard)

    async def _run_catch_up(self, channel: str, subscription: Subscription) -> None:
        try:
            while not subscription.outbound.closed:
                try:
                    await self._catch_up(channel, subscription)
                except Exception as error:  # a process boundary: the database may be away for a while
                    log.warning("catch_up_failed", channel=channel, error=type(error).__name__)
                    await asyncio.sleep(1)
                    continue
                # A message may have been stored after we read and hinted at before we were done: look again.
                if subscription.seen <= subscription.last:
                    return
        finally:
            subscription.catching_up = False

    def _everybody_catches_up(self) -> None:
        for channel, members in self._channels.items():
            for subscription in tuple(members):
                self.catch_up(channel, subscription)
