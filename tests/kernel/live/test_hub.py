"""The hub on a real Redis: everybody gets every numbered frame, in order and once, whatever gets lost on the way."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random

import pytest
from django.conf import settings
from redis.asyncio import Redis as AsyncRedis

from kelmah.embedded.redis import Redis
from kelmah.live import hub as module
from kelmah.live.hints import channel_of, pack
from kelmah.live.hub import Hub, Page

ROOM = "room:1"


class Book:
    """The truth about numbered topics, as a database would keep it."""

    def __init__(self) -> None:
        self.frames: defaultdict[str, list[str]] = defaultdict(list)
        self.reads = 0
        self.pause = 0.0
        self.members_only: set[str] = set()

    def write(self, topic: str) -> tuple[int, bytes]:
        seq = len(self.frames[topic]) + 1
        self.frames[topic].append(f"{topic} {seq}")
        return seq, f"{topic} {seq}".encode()

    async def heads(self, topics: Sequence[str]) -> Mapping[str, int]:
        return {topic: len(self.frames[topic]) for topic in topics}

    async def missing(self, topic: str, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
        self.reads += 1
        await asyncio.sleep(self.pause)
        found = self.frames[topic][after : after + limit]
        return list(enumerate(found, start=after + 1))

    def gap(self, topic: str, first: int, last: int) -> str:
        return f"gap {first}-{last}"

    async def open_(self, seen: Mapping[str, int]) -> Mapping[str, Page]:
        snapshot = {topic: list(self.frames[topic]) for topic in seen if topic not in self.members_only}
        await asyncio.sleep(self.pause)  # what is read is old when it arrives
        return {
            topic: Page(len(frames), list(enumerate(frames[seen[topic] :], start=seen[topic] + 1)), ["subscribed"])
            for topic, frames in snapshot.items()
        }


class Ear:
    """A socket that remembers what it was given."""

    closed = False

    def __init__(self) -> None:
        self.frames: list[str] = []

    def put(self, frame: str) -> None:
        self.frames.append(frame)

    async def drained(self) -> None:
        await asyncio.sleep(0)

    @property
    def numbers(self) -> list[int]:
        return [int(frame.split()[1]) for frame in self.frames if frame.startswith("room")]


class Stage:
    """Hubs of several processes over one book and one Redis."""

    def __init__(self, url: str) -> None:
        self.url, self.book, self.hubs = url, Book(), list[Hub]()

    async def hub(self) -> Hub:
        hub = Hub(self.url, self.book)
        hub.start()
        self.hubs.append(hub)
        await until(lambda: hub._bus.listening)
        return hub

    async def ear(self, hub: Hub, *, since: int = 0) -> Ear:
        ear = Ear()
        await hub.join(ear, {ROOM: since}, self.book.open_)
        return ear

    def say(self, hub: Hub) -> None:
        seq, frame = self.book.write(ROOM)
        hub.publish(ROOM, frame, seq=seq)

    async def __aenter__(self) -> "Stage":
        return self

    async def __aexit__(self, *_: object) -> None:
        for hub in self.hubs:
            await hub.stop()


async def until(probe, *, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not probe():
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _epochs(monkeypatch):
    """All hubs of a test live in one process; for this module each hint is a foreign one."""
    monkeypatch.setattr(module, "EPOCH", b"another!")
    monkeypatch.setattr("kelmah.live.hub.pack", lambda frame, *, seq, epoch: pack(frame, seq=seq))


def play(story) -> None:
    async def run() -> None:
        async with Stage(settings.REDIS_URL) as stage:
            await story(stage)

    asyncio.run(run())


def test_a_frame_reaches_the_listeners_here_and_at_another_process_once():
    async def story(stage):
        here, there = await stage.hub(), await stage.hub()
        near, far = await stage.ear(here), await stage.ear(there)
        for _ in range(50):
            stage.say(here)
        assert near.numbers == list(range(1, 51))  # without a turn of the loop: Redis is not asked
        await until(lambda: len(far.numbers) == 50)
        await asyncio.sleep(0.1)
        assert near.numbers == far.numbers == list(range(1, 51))
        assert stage.book.reads == 0

    play(story)


def test_two_processes_writing_to_one_topic_are_heard_in_one_order_everywhere():
    async def story(stage):
        hubs = [await stage.hub(), await stage.hub()]
        ears = [await stage.ear(hub) for hub in hubs for _ in range(2)]
        for turn in range(400):
            stage.say(hubs[turn % 2])
            if turn % 7 == 0:
                await asyncio.sleep(0)
        await until(lambda: all(len(ear.numbers) == 400 for ear in ears))
        assert all(ear.numbers == list(range(1, 401)) for ear in ears)

    play(story)


def test_whoever_joins_gets_what_was_there_then_what_comes_and_nothing_twice():
    async def story(stage):
        here, there = await stage.hub(), await stage.hub()
        for _ in range(30):
            stage.say(there)
        stage.book.pause = 0.05  # frames are written and hinted at while the joining one still reads
        joining = asyncio.create_task(stage.ear(here, since=10))
        for _ in range(200):
            stage.say(there)
            await asyncio.sleep(0.001)
        ear = await joining
        await until(lambda: ear.numbers and ear.numbers[-1] == 230)
        assert ear.numbers == list(range(11, 231))
        assert ear.frames[0] == "subscribed"

    play(story)


def test_of_two_who_join_at_once_the_one_with_the_older_page_misses_nothing():
    async def story(stage):
        hub, slow, quick = await stage.hub(), Ear(), Ear()
        has_read, may_go_on = asyncio.Event(), asyncio.Event()

        async def open_slowly(seen):
            pages = await stage.book.open_(seen)
            has_read.set()
            await may_go_on.wait()
            return pages

        joining = asyncio.create_task(hub.join(slow, {ROOM: 0}, open_slowly))
        await has_read.wait()
        for _ in range(3):
            stage.say(hub)
        await hub.join(quick, {ROOM: 0}, stage.book.open_)  # the line begins at 3, as this page says
        may_go_on.set()
        await joining
        stage.say(hub)
        assert slow.numbers == quick.numbers == [1, 2, 3, 4]

    play(story)


def test_a_database_that_knows_less_than_the_line_is_not_asked_for_ever():
    async def story(stage):
        hub = await stage.hub()
        await stage.ear(hub)
        hub.publish(ROOM, b"room 1", seq=1)  # not in the book, as after a restore
        late = await stage.ear(hub)
        assert late.numbers == []
        hub.publish(ROOM, b"room 2", seq=2)
        assert late.numbers == [2]

    play(story)


def test_many_join_and_leave_while_frames_come_and_none_misses_or_doubles_one():
    async def story(stage):
        hubs = [await stage.hub(), await stage.hub()]
        stage.book.pause = 0.01
        chance, done = Random(7), asyncio.Event()

        async def come_and_go(hub: Hub) -> None:
            seen = 0
            while not done.is_set():
                ear = Ear()
                joined = await hub.join(ear, {ROOM: seen}, stage.book.open_)
                await asyncio.sleep(chance.random() / 30)
                await hub.leave(ROOM, joined[ROOM])
                if ear.numbers:
                    assert ear.numbers == list(range(seen + 1, ear.numbers[-1] + 1))
                    seen = ear.numbers[-1]

        people = [asyncio.create_task(come_and_go(hubs[number % 2])) for number in range(10)]
        for turn in range(600):
            stage.say(hubs[turn % 2])
            await asyncio.sleep(0.001)
        done.set()
        await asyncio.gather(*people)

    play(story)


def test_a_lost_hint_is_found_when_the_next_one_comes():
    async def story(stage):
        here = await stage.hub()
        ear = await stage.ear(here)
        stage.book.write(ROOM)  # stored, and its process died before it said so
        stage.say(here)
        await until(lambda: len(ear.numbers) == 2)
        assert ear.frames == ["subscribed", "gap 1-2", "room:1 1", "room:1 2"]

    play(story)


def test_a_lost_hint_that_nothing_follows_is_found_by_looking(monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(module, "LOOK_EVERY_WITHOUT_REDIS", 0.1)

    async def story(stage):
        ear = await stage.ear(await stage.hub())
        stage.book.write(ROOM)
        await until(lambda: ear.numbers == [1])

    play(story)


def test_a_hundred_listeners_of_one_hole_read_the_database_once():
    async def story(stage):
        here = await stage.hub()
        ears = [await stage.ear(here) for _ in range(100)]
        stage.book.write(ROOM)
        stage.say(here)
        await until(lambda: all(ear.numbers == [1, 2] for ear in ears))
        assert stage.book.reads == 1

    play(story)


def test_a_hint_of_something_that_does_not_exist_is_given_up():
    async def story(stage):
        here = await stage.hub()
        ear = await stage.ear(here)
        await AsyncRedis.from_url(stage.url).publish(channel_of(ROOM), pack(b"room:1 9", seq=9))
        await until(lambda: stage.book.reads == 1)
        await asyncio.sleep(0.2)
        assert stage.book.reads == 1
        stage.say(here)
        assert ear.numbers == [1]

    play(story)


@pytest.mark.parametrize("garbage", [b"", b"x", b"\x00" * 16 + b"\xff\xfe"])
def test_garbage_in_redis_harms_nobody(garbage):
    async def story(stage):
        here = await stage.hub()
        ear = await stage.ear(here)
        await AsyncRedis.from_url(stage.url).publish(channel_of(ROOM), garbage)
        await asyncio.sleep(0.1)
        stage.say(here)
        assert ear.numbers == [1]

    play(story)


def test_topics_that_are_not_theirs_are_left_out():
    async def story(stage):
        here = await stage.hub()
        stage.book.members_only.add("room:secret")
        ear = Ear()
        joined = await here.join(ear, {ROOM: 0, "room:secret": 0}, stage.book.open_)
        assert set(joined) == {ROOM}
        here.publish("room:secret", b"room:secret 1", seq=1)
        await asyncio.sleep(0.1)
        assert ear.frames == ["subscribed"]

    play(story)


def test_a_topic_without_numbers_is_only_passed_on():
    async def story(stage):
        here, there = await stage.hub(), await stage.hub()
        ear = Ear()
        await here.listen("user:1", ear)
        await AsyncRedis.from_url(stage.url).publish(channel_of("user:1"), pack(b"news"))
        await until(lambda: ear.frames == ["news"])
        assert there._topics == {}

    play(story)


def test_the_last_one_who_leaves_ends_the_subscription():
    async def story(stage):
        here, client = await stage.hub(), AsyncRedis.from_url(stage.url)
        ears = [Ear(), Ear()]
        joined = [await here.join(ear, {ROOM: 0}, stage.book.open_) for ear in ears]
        assert (await client.pubsub_numsub(channel_of(ROOM)))[0][1] == 1
        await here.leave(ROOM, joined[0][ROOM])
        await here.leave(ROOM, joined[0][ROOM])
        assert (await client.pubsub_numsub(channel_of(ROOM)))[0][1] == 1
        await here.leave(ROOM, joined[1][ROOM])
        await asyncio.sleep(0.05)
        assert (await client.pubsub_numsub(channel_of(ROOM)))[0][1] == 0
        assert here._topics == {}

    play(story)


def test_an_error_while_joining_leaves_nothing_behind():
    async def story(stage):
        here = await stage.hub()

        async def broken(seen):
            raise ConnectionError

        with pytest.raises(ConnectionError):
            await here.join(Ear(), {ROOM: 0}, broken)
        assert here._topics == {}

    play(story)


@pytest.mark.slow
def test_redis_killed_and_back_again_loses_nothing_and_doubles_nothing():
    server = Redis.for_tests()
    try:
        url = server.start()

        async def story() -> None:
            async with Stage(url) as stage:
                here, there = await stage.hub(), await stage.hub()
                near, far = await stage.ear(here), await stage.ear(there)
                for turn in range(60):
                    stage.say(here)
                    if turn == 20:
                        await asyncio.to_thread(server._child.kill)
                    if turn == 40:
                        # Both sides are still connected to their own process, and to each other by the database alone.
                        assert near.numbers == list(range(1, 42))
                        await until(lambda: far.numbers == list(range(1, 42)), seconds=5)
                        await asyncio.to_thread(server.restart)
                    await asyncio.sleep(0.01)
                await until(lambda: far.numbers == near.numbers == list(range(1, 61)))
                await until(lambda: here._bus.listening and there._bus.listening)
                reads = stage.book.reads
                stage.say(here)
                await until(lambda: far.numbers[-1] == 61, seconds=0.5)  # by hint again
                assert stage.book.reads == reads

        asyncio.run(story())
    finally:
        server.stop()
