"""One connection's way out: a bounded queue, so that a slow phone slows nobody but itself."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

QUEUE_LIMIT: Final = 512  # frames
TOO_SLOW: Final = 4408

Send = Callable[[str], Awaitable[None]]
Close = Callable[[int], Awaitable[None]]


class Outbound:
    """Frames in the order they were put; a full queue closes the connection, which then resumes by sequence."""

    def __init__(self, send: Send, close: Close, *, limit: int = QUEUE_LIMIT) -> None:
        self._send, self._close, self._limit = send, close, limit
        self._frames: deque[str] = deque()
        self._wake = asyncio.Event()
        self._writer = asyncio.ensure_future(self._write())
        self.closed = False

    def put(self, frame: str) -> None:
        if self.closed:
            return
        if len(self._frames) >= self._limit:
            self.shut(TOO_SLOW)
            return
        self._frames.append(frame)
        self._wake.set()

    def shut(self, code: int) -> None:
        """Close the connection; what is still queued is not sent."""
        if not self.closed:
            self.closed = True
            self._frames.clear()
            asyncio.ensure_future(self._end(code))  # noqa: RUF006 - ends with the connection

    async def finish(self) -> None:
        """The connection is gone."""
        self.closed = True
        self._writer.cancel()

    async def _end(self, code: int) -> None:
        self._writer.cancel()
        await self._close(code)

    async def _write(self) -> None:
        frames, send = self._frames, self._send
        while True:
            await self._wake.wait()
            self._wake.clear()
            while frames:
                await send(frames.popleft())
