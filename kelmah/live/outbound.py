"""One socket's way out: a bounded queue, so that a slow phone slows nobody but itself."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

QUEUED_FRAMES: Final = 512
QUEUED_CHARACTERS: Final = 2 * 2**20
TOO_SLOW: Final = 4408

_GOODBYE_WITHIN: Final = 5.0  # seconds for a close frame to get into the pipe, and again for the other side to react

Send = Callable[[str], Awaitable[None]]
Close = Callable[[int, str], Awaitable[None]]


class Outbound:
    """Frames go out in the order they were put in.

    A queue that is full closes the socket with 4408; its owner comes back and resumes by sequence. ``abort`` drops the
    connection without another word: a reader that never reads would otherwise keep its buffers for hours.
    """

    def __init__(self, send: Send, close: Close, abort: Callable[[], None]) -> None:
        self._send, self._close, self._abort = send, close, abort
        self._frames: deque[str] = deque()
        self._characters = 0
        self._something: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._writer = asyncio.create_task(self._write())
        self._ending: asyncio.Task[None] | None = None
        self._gone = False

    @property
    def closed(self) -> bool:
        return self._gone or self._ending is not None

    def put(self, frame: str) -> None:
        """Queue a frame. Never waits."""
        if self._gone or self._ending is not None:
            return
        if len(self._frames) >= QUEUED_FRAMES or self._characters > QUEUED_CHARACTERS:
            self.close(TOO_SLOW, "too slow: come back and resume")
            return
        self._frames.append(frame)
        self._characters += len(frame)
        if self._something is not None:
            self._something.set_result(None)
            self._something = None

    async def drained(self) -> None:
        """Wait until the queue is empty or the socket is closing: for whoever has more to send than fits."""
        while self._frames and not self.closed:
            await self._empty_or_gone()

    def close(self, code: int, reason: str = "") -> None:
        """Close the socket after what is queued; a slow reader's queue is thrown away. Later calls do nothing."""
        if not self.closed:
            if code == TOO_SLOW:
                self._frames.clear()
            self._wake_waiting()
            self._ending = asyncio.create_task(self._end(code, reason))

    def gone(self) -> None:
        """The connection has ended, by whomever."""
        self._gone = True
        self._writer.cancel()
        self._frames.clear()
        self._wake_waiting()

    # Private methods

    async def _write(self) -> None:
        frames, send = self._frames, self._send
        try:
            while True:
                while frames:
                    frame = frames.popleft()
                    self._characters -= len(frame)
                    await send(frame)
                self._wake_waiting()
                self._something = asyncio.get_running_loop().create_future()
                await self._something
        except OSError:  # the other side has gone; the server tells its consumer, too
            self.gone()

    def _wake_waiting(self) -> None:
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None

    async def _empty_or_gone(self) -> None:
        if self._drained is None:
            self._drained = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._drained)

    async def _end(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(_GOODBYE_WITHIN):
                while self._frames and not self._gone:
                    await self._empty_or_gone()
                self._writer.cancel()
                await self._close(code, reason)
            await asyncio.sleep(_GOODBYE_WITHIN)
        except TimeoutError:
            pass  # it does not even take the goodbye
        finally:
            self._wake_waiting()
            self._abort()
