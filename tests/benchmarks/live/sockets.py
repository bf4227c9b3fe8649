"""A WebSocket client with nothing in it that a load does not need: it must cost less than the server it drives."""

import asyncio
import base64
import os
import time
from collections.abc import Callable

_HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kelmah.v1\r\n\r\n"
)


class Socket(asyncio.Protocol):
    """``on_frame`` gets every text frame as bytes, ``on_close`` the close code."""

    def __init__(self, on_frame: Callable[["Socket", bytes], None], on_close: Callable[["Socket", int], None]) -> None:
        self._on_frame, self._on_close = on_frame, on_close
        self._buffer = b""
        self._open = False
        self.code = 0
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.transport.write(_HANDSHAKE.format(key=base64.b64encode(os.urandom(16)).decode()).encode())

    def connection_lost(self, error: Exception | None) -> None:
        self._on_close(self, self.code)

    def send(self, payload: bytes) -> None:
        """A masked text frame; a mask of zeros is a mask."""
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else bytes((0x81, 0xFE)) + size.to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + payload)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        at, end = 0, len(data)
        if not self._open:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._buffer = data
                return
            assert data.startswith(b"HTTP/1.1 101"), data[:200]
            self._open = True
            self.opened.set_result(None)
        while end - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                if end - at < 4:
                    break
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if end - start < size:
                break
            self._take(data[at] & 0x0F, data[start : start + size])
            at = start + size
        self._buffer = data[at:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == 1:
            self._on_frame(self, payload)
        elif opcode == 9:
            self.transport.write(bytes((0x8A, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
        elif opcode == 8:
            self.code = int.from_bytes(payload[:2], "big")
            self.transport.close()


def now() -> int:
    """Nanoseconds of the one monotonic clock of this machine."""
    return time.perf_counter_ns()
