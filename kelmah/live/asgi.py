"""What a live process answers besides WebSockets."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def http(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """``/health/live`` for whoever watches the process; everything else is another process's."""
    alive = scope["path"] == "/health/live"
    status, body = (200, {"status": "ok"}) if alive else (426, {"detail": "Only WebSockets are served here, at /ws."})
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if not alive:
        headers.append((b"upgrade", b"websocket"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(body)})


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Nothing to prepare: the first socket starts what sockets share."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def no_such_address(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """For WebSocket addresses that nobody serves: refused with 403 before anything is accepted."""
    await receive()
    await send({"type": "websocket.close"})
