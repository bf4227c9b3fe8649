"""Slow readers harm nobody but themselves; a thousand who come back at once all get in."""

import asyncio
import json
import threading
import time
from contextlib import suppress

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from domains.messaging import actions, queries
from domains.messaging.models import Conversation
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.live.hints import give_hint
from tests.messaging.factories import conversation, group
from tests.messaging.live_system import Phone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.domain("messaging", transaction=True),
    pytest.mark.timeout(240),
]

LONG = "Six cabinets, delivered flat. " * 160


@pytest.fixture(autouse=True)
def _no_limit(settings):
    settings.MESSAGES_PER_MINUTE = 1_000_000


def pour(room, count: int) -> None:
    """Long messages, as fast as they can be stored, hinted at like those of the REST API."""
    for start in range(0, count, 50):
        drafts = [
            actions.draft_message(
                conversation_id=room.id, sender_id=room.first_id, client_id=f"{start}-{number}", text=LONG
            )
            for number in range(50)
        ]
        for sent in actions.send_messages(drafts, patient=True):
            give_hint(f"conversation:{room.id}", sent.frame, seq=sent.seq)


class Sleeper:
    """A socket that subscribes and then reads nothing."""

    def __init__(self, user_id) -> None:
        self.phone = Phone(user_id)

    async def connect(self, url: str, room) -> "Sleeper":
        self.socket = await connect(
            url, subprotocols=["kelmah.v1"], compression=None, max_queue=1, ping_interval=None, close_timeout=1
        )
        await self.socket.send(
            json.dumps({"type": "hello", "ticket": self.phone.ticket(), "resume": {str(room.id): 0}})
        )
        return self

    @property
    def port(self) -> int:
        return self.socket.local_address[1]


def test_a_slow_reader_is_cut_off_while_the_others_go_on_and_then_resumes(start_live, play):
    live = start_live()
    room, people = group(4)

    async def story():
        sleeper = await Sleeper(people[1]).connect(live.url, room)
        others = [await Phone(user_id, seen={str(room.id): 0}).connect(live.url) for user_id in people[2:]]
        await asyncio.sleep(0.5)
        pouring = asyncio.create_task(asyncio.to_thread(pour, room, 2_500))
        for phone in others:
            await phone.wait_for_seq(room.id, 2_500, seconds=60)
            assert phone.numbers(room.id) == list(range(1, 2_501))
        await pouring
        woken = sleeper.phone
        with suppress(ConnectionClosed):
            async for text in sleeper.socket:  # what was in the pipe still comes
                woken._take(json.loads(text))
        assert sleeper.socket.close_code in (4408, 1006)  # 1006: it slept so long that the line was cut
        assert woken.numbers(room.id) == list(range(1, len(woken.got) + 1))
        assert len(woken.got) < 2_500
        await read_history(woken, room)
        await woken.connect(live.url)
        await woken.wait_for_seq(room.id, 2_500)
        assert woken.numbers(room.id) == list(range(1, 2_501))

    async def read_history(phone, room):
        """A client that is far behind asks over REST; here without the detour over HTTP."""
        while phone.seen[str(room.id)] < 2_400:
            asked = {"conversation_id": room.id, "after": phone.seen[str(room.id)], "limit": 100}
            found = await asyncio.to_thread(queries.missing_frames, **asked)
            for _, frame in found:
                phone._take(json.loads(frame))

    play(story())


def test_one_who_never_reads_again_does_not_keep_the_servers_memory(start_live, play):
    live = start_live()
    room, people = group(3)

    async def story():
        sleeper = await Sleeper(people[1]).connect(live.url, room)
        await asyncio.sleep(0.5)
        port, server = sleeper.port, psutil.Process(live.pid)

        def still_connected() -> bool:
            return any(line.raddr and line.raddr.port == port for line in server.net_connections("tcp"))

        assert still_connected()
        await asyncio.to_thread(pour, room, 2_500)
        deadline = time.monotonic() + 25
        while await asyncio.to_thread(still_connected):
            assert time.monotonic() < deadline, "a connection that nobody reads is still open"
            await asyncio.sleep(0.5)

    play(story())


def test_a_thousand_clients_that_come_back_at_once_all_resume(start_live, play):
    one, two = start_live(), start_live()
    rooms = [group(10) for _ in range(100)]
    people = [Phone(user_id, seen={str(room.id): 0}) for room, members in rooms for user_id in members]
    for room, _ in rooms:
        pour_one(room)

    async def story():
        gate = asyncio.Semaphore(100)

        async def come(number: int, phone: Phone) -> None:
            async with gate:
                await phone.connect((one, two)[number % 2].url)
            await phone.wait("subscribed")
            await phone.wait_for_seq(next(iter(phone.seen)), 3)

        began = time.monotonic()
        await asyncio.gather(*(come(number, phone) for number, phone in enumerate(people)))
        took = time.monotonic() - began
        print(f"1,000 clients resumed in {took:.1f} s")
        assert all(phone.numbers(next(iter(phone.seen))) == [1, 2, 3] for phone in people)
        assert took < 60
        speaker = people[0]
        room = next(iter(speaker.seen))
        await speaker.say(room)
        for phone in people[:10]:
            await phone.wait_for_seq(room, 4, seconds=5)

    play(story())


def pour_one(room) -> None:
    for _ in range(3):
        actions.send_message(
            actions.draft_message(
                conversation_id=room.id, sender_id=room.first_id, client_id=str(new_id()), text="before"
            )
        )


def test_one_conversation_with_a_held_row_does_not_stop_the_others(start_live, play):
    live = start_live()
    held, free = conversation(), conversation()

    def hold(began, release) -> None:
        with atomic("messaging"):
            Conversation.objects.select_for_update().get(id=held.id)
            began.set()
            release.wait(20)

    async def story():
        began, release = threading.Event(), threading.Event()
        holding = asyncio.create_task(asyncio.to_thread(hold, began, release))
        await asyncio.to_thread(began.wait, 5)
        stuck, other = await Phone(held.first_id).connect(live.url), await Phone(free.first_id).connect(live.url)
        waiting = asyncio.create_task(stuck.say(held.id))
        for _ in range(20):
            async with asyncio.timeout(1):
                assert (await other.say(free.id))["type"] == "ack"
        assert not waiting.done()
        release.set()
        await holding
        assert (await waiting)["seq"] == 1

    play(story())
