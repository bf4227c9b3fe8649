"""One socket's way out: in order, bounded, and never in anybody's way."""

import asyncio

import pytest

from kelmah.live import outbound as module
from kelmah.live.outbound import QUEUED_CHARACTERS, QUEUED_FRAMES, TOO_SLOW, Outbound


class Pipe:
    """The other end: takes frames while it is ``open_``."""

    def __init__(self) -> None:
        self.open_ = asyncio.Event()
        self.open_.set()
        self.frames: list[str] = []
        self.closed: list[int] = []
        self.aborted = 0
        self.broken = False

    async def send(self, frame: str) -> None:
        await self.open_.wait()
        if self.broken:
            raise ConnectionResetError
        self.frames.append(frame)

    async def close(self, code: int, reason: str) -> None:
        await self.open_.wait()
        self.closed.append(code)

    def abort(self) -> None:
        self.aborted += 1

    def outbound(self) -> Outbound:
        return Outbound(self.send, self.close, self.abort)


def test_frames_go_out_in_order():
    async def story():
        pipe = Pipe()
        out = pipe.outbound()
        for number in range(300):
            out.put(str(number))
        await out.drained()
        await asyncio.sleep(0)
        assert pipe.frames == [str(number) for number in range(300)]

    asyncio.run(story())


@pytest.mark.parametrize("frame", ["x", "x" * (QUEUED_CHARACTERS // 2 + 1)])
def test_a_queue_that_is_full_closes_the_socket_and_forgets_what_it_holds(frame):
    async def story():
        pipe = Pipe()
        out = pipe.outbound()
        pipe.open_.clear()
        for _ in range(QUEUED_FRAMES + 2):
            out.put(frame)
        assert out.closed
        pipe.open_.set()
        await asyncio.sleep(0.01)
        assert pipe.closed == [TOO_SLOW]
        assert len(pipe.frames) <= 1  # the one that was on its way

    asyncio.run(story())


def test_one_that_does_not_even_take_the_goodbye_is_dropped(monkeypatch):
    monkeypatch.setattr(module, "_GOODBYE_WITHIN", 0.05)

    async def story():
        pipe = Pipe()
        out = pipe.outbound()
        pipe.open_.clear()
        out.close(4408)
        await asyncio.sleep(0.2)
        assert (pipe.closed, pipe.aborted) == ([], 1)

    asyncio.run(story())


def test_what_was_said_before_goodbye_arrives_before_it():
    async def story():
        pipe = Pipe()
        out = pipe.outbound()
        for number in range(20):
            out.put(str(number))
        out.close(4401)
        await asyncio.sleep(0.01)
        assert pipe.frames == [str(number) for number in range(20)]
        assert pipe.closed == [4401]

    asyncio.run(story())


def test_closing_happens_once():
    async def story():
        pipe = Pipe()
        out = pipe.outbound()
        out.close(4401)
        out.close(4408)
        out.put("late")
        await asyncio.sleep(0.01)
        assert (pipe.closed, pipe.frames) == ([4401], [])

    asyncio.run(story())


def test_whoever_waits_for_room_is_woken_when_the_other_side_has_gone():
    async def story():
        pipe = Pipe()
        out = pipe.outbound()
        pipe.open_.clear()
        out.put("one")
        out.put("two")
        waiting = asyncio.create_task(out.drained())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        pipe.broken = True
        pipe.open_.set()
        await asyncio.wait_for(waiting, 1)
        assert out.closed

    asyncio.run(story())
