"""People who talk all the time, come back whenever they are cut off, and keep book of what they got."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from kelmah.ids import new_id
from tests.messaging.live_system import Phone

_CUT_OFF = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, AssertionError, TimeoutError)


@dataclass
class Talker:
    """Somebody in one conversation. ``acked`` are the messages that were answered, by client_id."""

    user_id: UUID
    room: str
    urls: Sequence[str]
    phone: Phone = field(init=False)
    acked: dict[str, int] = field(default_factory=dict)
    cut_off: int = 0

    def __post_init__(self) -> None:
        self.phone = Phone(self.user_id, seen={self.room: 0})

    async def live(self, done: asyncio.Event, *, pause: float) -> None:
        """Talk until ``done``; a message that was not answered is sent again under its name."""
        await self.come()
        while not done.is_set():
            await self.say()
            await asyncio.sleep(pause)

    async def come(self) -> None:
        """Connect to the first address that takes us."""
        while True:
            for url in self.urls:
                with suppress(*_CUT_OFF):
                    await self.phone.connect(url)
                    return
            await asyncio.sleep(0.1)

    async def say(self) -> None:
        name = str(new_id())
        while name not in self.acked:
            try:
                async with asyncio.timeout(10):
                    answer = await self.phone.say(self.room, f"as {name}", client_id=name)
            except _CUT_OFF:
                self.cut_off += 1
                await self.come()
                continue
            if answer["type"] == "ack":
                self.acked[name] = answer["seq"]
            else:
                assert answer["code"] == "unavailable", answer
                await asyncio.sleep(answer.get("retry_after", 0.2))

    async def catch_up(self, head: int) -> None:
        while True:
            try:
                await self.phone.wait_for_seq(self.room, head, seconds=30)
                return
            except AssertionError:
                await self.come()


async def talk(talkers: Sequence[Talker], *, pause: float, meanwhile: Any) -> None:
    """Everybody talks while ``meanwhile`` happens, then everybody catches up."""
    done = asyncio.Event()
    talking = [asyncio.create_task(talker.live(done, pause=pause)) for talker in talkers]
    try:
        await meanwhile
    finally:
        done.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*talking)
        heads: dict[str, int] = {}
        for talker in talkers:
            heads[talker.room] = max(heads.get(talker.room, 0), *talker.acked.values(), talker.phone.seen[talker.room])
        await asyncio.gather(*(talker.catch_up(heads[talker.room]) for talker in talkers))


def check_books(talkers: Sequence[Talker]) -> None:
    """Nobody missed a message or got one twice, all were told the same in the same order, and every answer was true."""
    stories: dict[str, dict[int, str]] = {}
    for talker in talkers:
        got = [frame["seq"] for frame in talker.phone.got]
        left_to_rest = {number for missed in talker.phone.older for number in missed}
        due = [number for number in range(1, max(got, default=0) + 1) if number not in left_to_rest]
        odd = [pair for pair in zip(got, due, strict=False) if pair[0] != pair[1]][:3]
        assert got == due, f"{talker.user_id}: missed, doubled or disordered: {odd=}, {talker.cut_off=}"
        story = stories.setdefault(talker.room, {})
        for frame in talker.phone.got:
            assert story.setdefault(frame["seq"], frame["id"]) == frame["id"], "two people were told different stories"
        by_name = {frame["client_id"]: frame["seq"] for frame in talker.phone.got}
        assert len(by_name) == len(got), "a message was stored twice"
        acked = {name: seq for name, seq in talker.acked.items() if seq not in left_to_rest}
        assert acked.items() <= by_name.items(), "an answer was not true"
