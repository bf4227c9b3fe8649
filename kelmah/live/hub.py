"""The hub: one Redis subscription per process and topic, one encoding per frame, local fan-out of the same text.

It replaces a channel layer on the hot path (a Redis channel and a task per socket, six times the work, and silent loss
when full). Nothing that is numbered gets lost here: Redis carries hints, the database has the truth. Whatever shows a
hole makes the hub read the database: a frame that comes too early, a connection to Redis that was interrupted, and, as
a net under both, a look at all topics every few seconds.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from kelmah.live.bus import Bus
from kelmah.live.hints import EPOCH, channel_of, pack, unpack
from kelmah.live.topic import Line

log = structlog.get_logger(__name__)

LATE: Final = 0.05  # seconds that an earlier frame may take before the database is asked for it
LOOK_EVERY: Final = 5.0
LOOK_EVERY_WITHOUT_REDIS: Final = 1.0
_AT_ONCE: Final = 1_000  # topics of one look
_READ: Final = 200  # frames of one read
_KEPT: Final = 1_000  # frames kept for somebody who is still being given older ones


class Listener(Protocol):
    """Who gets frames: a socket's ``Outbound``, or a part of this process."""

    def put(self, frame: str) -> None: ...


class Reader(Listener, Protocol):
    """Who can be given more than fits into a queue."""

    @property
    def closed(self) -> bool: ...

    async def drained(self) -> None: ...


@dataclass(frozen=True)
class Page:
    """What the database says: ``head`` is the topic's last number, ``frames`` the missing ones up to there, oldest
    first; ``preface`` goes out before them."""

    head: int
    frames: Sequence[tuple[int, str]] = ()
    preface: Sequence[str] = ()


class Source(Protocol):
    """The truth about numbered topics."""

    async def heads(self, topics: Sequence[str]) -> Mapping[str, int]:
        """The last number of each."""
        ...

    async def missing(self, topic: str, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
        """The oldest ``limit`` frames after a number, with their numbers."""
        ...

    def gap(self, topic: str, first: int, last: int) -> str:
        """The frame that says: these numbers come next, from the database."""
        ...


# Given topics and the numbers their listener has seen, the pages of those that the listener may read.
Open = Callable[[Mapping[str, int]], Awaitable[Mapping[str, Page]]]


@dataclass(eq=False)
class Subscription:
    """One listener of one topic. ``floor``: what is not above it was given already. ``kept``: what came while older
    frames are still being given; None afterwards."""

    listener: Listener
    floor: int = 0
    kept: list[tuple[int, str]] | None = None


@dataclass(eq=False)
class Topic:
    """Everything this process knows of a topic that somebody here listens to."""

    name: str
    line: Line | None
    ready: asyncio.Task[None]
    subscriptions: set[Subscription] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None
    catching_up: asyncio.Task[None] | None = None


class Hub:
    """One per process and event loop."""

    def __init__(self, url: str, source: Source) -> None:
        self._bus = Bus(url, on_hint=self._on_hint, on_listening=self._on_listening)
        self._source = source
        self._topics: dict[str, Topic] = {}
        self._looking: asyncio.Task[None] | None = None
        self._look_now = asyncio.Event()

    def start(self) -> None:
        self._bus.start()
        self._looking = asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        if self._looking:
            self._looking.cancel()
        await self._bus.stop()

    async def listen(self, name: str, listener: Listener) -> Subscription:
        """Give ``listener`` the frames of a topic without numbers, from now on."""
        topic, subscription = self._enter(name, Subscription(listener), numbered=False)
        await asyncio.shield(topic.ready)
        return subscription

    async def join(self, reader: Reader, wanted: Mapping[str, int], open_: Open) -> dict[str, Subscription]:
        """Give ``reader`` every frame of these topics above the numbers it has seen, in order and once; returns its
        subscriptions. Topics that ``open_`` leaves out are not listened to."""
        entered = {name: self._enter(name, Subscription(reader, kept=[]), numbered=True) for name in wanted}
        try:
            # From here on nothing new can pass us by; what the database holds now is therefore all we miss.
            await asyncio.gather(*(asyncio.shield(topic.ready) for topic, _ in entered.values()))
            pages = await open_(wanted)
            for name, (topic, subscription) in entered.items():
                if name in pages:
                    await self._hand_over(topic, subscription, reader, pages[name], open_)
                else:
                    await self.leave(name, subscription)
        except BaseException:
            for name, (_, subscription) in entered.items():
                await self.leave(name, subscription)
            raise
        return {name: subscription for name, (_, subscription) in entered.items() if name in pages}

    async def leave(self, name: str, subscription: Subscription) -> None:
        """No more frames. Harmless when repeated."""
        topic = self._topics.get(name)
        if topic is None or subscription not in topic.subscriptions:
            return
        topic.subscriptions.discard(subscription)
        if not topic.subscriptions:
            del self._topics[name]
            for running in (topic.timer, topic.catching_up):
                if running:
                    running.cancel()
            await self._bus.unsubscribe(channel_of(name))

    def publish(self, name: str, frame: bytes, *, seq: int) -> None:
        """A numbered frame, stored before: to the listeners here at once, to other processes through Redis."""
        if name in self._topics:
            self._deliver(self._topics[name], seq, frame.decode())
        self._bus.publish(channel_of(name), pack(frame, seq=seq, epoch=EPOCH))

    # Private methods: in

    def _enter(self, name: str, subscription: Subscription, *, numbered: bool) -> tuple[Topic, Subscription]:
        topic = self._topics.get(name)
        if topic is None:
            ready = asyncio.create_task(self._bus.subscribe(channel_of(name)))
            topic = self._topics[name] = Topic(name, Line() if numbered else None, ready)
        topic.subscriptions.add(subscription)
        return topic, subscription

    async def _hand_over(
        self, topic: Topic, subscription: Subscription, reader: Reader, page: Page, open_: Open
    ) -> None:
        """Give what the database holds, then what came meanwhile, then let the line take over."""
        asked = -1
        while True:
            if topic.line is not None:
                self._fan_out(topic, topic.line.begin(page.head))
                topic.line.heard_of(page.head)
                self._watch_for_holes(topic)
            for frame in (*page.preface, *(frame for _, frame in page.frames)):
                reader.put(frame)
            await reader.drained()
            subscription.floor = page.head
            kept = [(seq, frame) for seq, frame in subscription.kept or () if seq > page.head]
            # A hole is there when the line began at a newer page than this one. Asked once: what the database does not
            # know then, after it was restored, say, does not exist.
            hole = _hole(topic, page.head, kept) and page.head > asked
            if reader.closed or (len(kept) < _KEPT and not hole):
                break
            asked, subscription.kept = page.head, []  # the database has the rest
            pages = await open_({topic.name: page.head})
            if topic.name not in pages:
                await self.leave(topic.name, subscription)
                return
            page = pages[topic.name]
        # Without a pause: whatever comes next goes straight to the reader.
        subscription.kept = None
        for _, frame in kept:
            reader.put(frame)

    # Private methods: out

    def _on_hint(self, channel: str, data: bytes) -> None:
        topic = self._topics.get(channel.partition(":")[2])
        if topic is None:
            return
        try:
            hint = unpack(data)
            if hint.epoch != EPOCH:
                self._deliver(topic, hint.seq, hint.frame.decode())
        except ValueError as error:
            log.warning("hint_not_understood", channel=channel, error=str(error))

    def _deliver(self, topic: Topic, seq: int, frame: str) -> None:
        if topic.line is None or not seq:
            for subscription in tuple(topic.subscriptions):
                subscription.listener.put(frame)
            return
        self._fan_out(topic, topic.line.take(seq, frame))
        if topic.line.waits:
            self._watch_for_holes(topic)

    def _fan_out(self, topic: Topic, released: Sequence[tuple[int, str]]) -> None:
        for seq, frame in released:
            for subscription in topic.subscriptions:
                if subscription.kept is not None:
                    if len(subscription.kept) < _KEPT:
                        subscription.kept.append((seq, frame))
                elif seq > subscription.floor:
                    subscription.listener.put(frame)

    # Private methods: holes

    def _watch_for_holes(self, topic: Topic) -> None:
        """Frames of two processes overtake each other by milliseconds; what is later than that is lost."""
        if topic.timer is None and topic.line is not None and topic.line.waits:
            topic.timer = asyncio.get_running_loop().call_later(LATE, self._look_into, topic)

    def _look_into(self, topic: Topic) -> None:
        topic.timer = None
        if topic.line is not None and topic.line.waits and topic.catching_up is None:
            topic.catching_up = asyncio.create_task(self._catch_up(topic, topic.line))

    async def _catch_up(self, topic: Topic, line: Line) -> None:
        try:
            while line.waits and topic.subscriptions:
                after = line.head or 0
                found = await self._source.missing(topic.name, after=after, limit=_READ)
                if not found and line.head == after:
                    log.error("live_hole_stays", topic=topic.name, head=line.head)
                    line.give_up()
                self._fill(topic, line, found)
                await asyncio.sleep(0)  # let the sockets write before they are given more
        except Exception as error:  # a process boundary: the database may be away, and the next look tries again
            log.warning("live_catch_up_failed", topic=topic.name, error=type(error).__name__)
        finally:
            topic.catching_up = None

    def _fill(self, topic: Topic, line: Line, found: Sequence[tuple[int, str]]) -> None:
        new = [(seq, frame) for seq, frame in found if seq > (line.head or 0)]  # hints went on while we read
        if not new:
            return
        gap = self._source.gap(topic.name, new[0][0], new[-1][0])
        for subscription in topic.subscriptions:
            if subscription.kept is None and new[-1][0] > subscription.floor:
                subscription.listener.put(gap)
        for seq, frame in new:
            self._fan_out(topic, line.take(seq, frame))

    def _on_listening(self) -> None:
        self._look_now.set()

    async def _keep_looking(self) -> None:
        looked_at = 0.0
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY_WITHOUT_REDIS):
                    await self._look_now.wait()
            except TimeoutError:
                if self._bus.listening and time.monotonic() - looked_at < LOOK_EVERY:
                    continue
            self._look_now.clear()
            looked_at = time.monotonic()
            try:
                await self._look_at_all()
            except Exception as error:  # a process boundary: the database may be away
                log.warning("live_look_failed", error=type(error).__name__)

    async def _look_at_all(self) -> None:
        names = [name for name, topic in self._topics.items() if topic.line is not None and topic.line.head is not None]
        for start in range(0, len(names), _AT_ONCE):
            heads = await self._source.heads(names[start : start + _AT_ONCE])
            for name, head in heads.items():
                topic = self._topics.get(name)
                if topic is not None and topic.line is not None:
                    topic.line.heard_of(head)
                    self._watch_for_holes(topic)


def _hole(topic: Topic, head: int, kept: Sequence[tuple[int, str]]) -> bool:
    """Whether the line let frames through that came neither with the page, which ends at ``head``, nor after it."""
    after = kept[0][0] - 1 if kept else topic.line.head if topic.line else None
    return after is not None and after > head
