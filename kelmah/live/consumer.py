"""The part of ``kelmah.v1`` that is the same for every domain: the door, tickets, refusals, and limits.

A domain derives its consumer, reads its own types of frames, and has a method ``on_<type>`` for each.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

import orjson
import structlog
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from kelmah import clock
from kelmah.errors import DomainError, TooManyRequests, Unauthenticated, Unavailable
from kelmah.http.refusals import as_domain_error
from kelmah.live.frames import MAX_BYTES, Frame, FrameReader, Hello, Ping, claimed
from kelmah.live.origins import origin_is_welcome
from kelmah.live.outbound import Outbound
from kelmah.live.process import LiveProcess
from kelmah.live.sockets import UNWELCOME
from kelmah.live.tickets import Admission, TicketInvalid, redeem_ticket

log = structlog.get_logger(__name__)

PROTOCOL: Final = "kelmah.v1"
HELLO_WITHIN: Final = 10.0  # seconds
PING_EVERY: Final = 25  # seconds: what clients are told to do when they have nothing to say
FRAMES_PER_SECOND, FRAMES_AT_ONCE = 50, 200
PATIENCE: Final = 10  # refusals of one kind until the socket is closed

NO_TEXT, TOO_BIG, NOT_UNDERSTOOD, TOO_FAST, COME_BACK = 1003, 1009, 4400, 4429, 1013


class LiveConsumer(AsyncWebsocketConsumer):
    """One socket of one person. ``frames`` reads what clients may send."""

    frames: ClassVar[FrameReader]
    process: LiveProcess
    admission: Admission

    async def dispatch(self, message: dict[str, Any]) -> None:
        """What Channels does, without its trip to another thread for every frame: nothing here holds a connection."""
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        self.known, self.asked_again = False, False
        self._impatience = {NOT_UNDERSTOOD: 0, TOO_FAST: 0}
        self._tokens, self._tokens_at = float(FRAMES_AT_ONCE), time.monotonic()
        if not origin_is_welcome(self.scope["headers"]) or PROTOCOL not in self.scope["subprotocols"]:
            await self.close()  # before it is accepted: 403
            raise StopConsumer
        await self.accept(PROTOCOL)
        self.process = self.process_of_this_loop()
        self.outbound = Outbound(self._send_text, self.close, self._abort)
        self._hurry = asyncio.get_running_loop().call_later(HELLO_WITHIN, self._nobody_said_hello)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        self._hurry.cancel()
        self.outbound.gone()
        if self.known:
            self.process.sockets.remove(self)
            await self.leave()
        raise StopConsumer

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.outbound.closed:
            return
        if text_data is None:
            self.outbound.close(NO_TEXT, "frames are text")
        elif len(text_data) > MAX_BYTES:  # the server counts bytes before it reads them; this is for other servers
            self.outbound.close(TOO_BIG, f"a frame may have {MAX_BYTES} bytes")
        else:
            await self._take(text_data)

    def put(self, **frame: Any) -> None:
        """Send a frame to this socket alone."""
        self.outbound.put(orjson.dumps(frame, option=orjson.OPT_UTC_Z).decode())

    def refuse(self, error: DomainError, about: Mapping[str, Any]) -> None:
        """An ``error`` frame; who goes on after ten of a kind is shut out. ``about`` names what was refused."""
        told: dict[str, Any] = {"type": "error", "code": error.code, "detail": error.detail, **about}
        if error.errors:
            told["errors"] = [problem.as_json() for problem in error.errors]
        if error.retry_after is not None:
            told["retry_after"] = error.retry_after
        self.put(**told)
        if isinstance(error, TooManyRequests):
            self._lose_patience(TOO_FAST)
        elif error.status == 400:
            self._lose_patience(NOT_UNDERSTOOD)

    def forgive(self) -> None:
        """They are not in a hurry any more."""
        self._impatience[TOO_FAST] = 0

    def ask_for_ticket(self, within: int) -> None:
        self.put(type="reauth", within=within)

    def close_soon(self, code: int, reason: str = "") -> None:
        self.outbound.close(code, reason)

    # For the domain

    def process_of_this_loop(self) -> LiveProcess:
        """What this process shares."""
        raise NotImplementedError

    def limits(self) -> dict[str, int]:
        """More limits to tell in ``welcome``."""
        return {}

    async def enter(self) -> None:
        """Somebody is known now: listen to what concerns them."""

    async def leave(self) -> None:
        """Stop listening to everything."""

    async def resume(self, seen: Mapping[UUID, int]) -> None:
        """Go on where an earlier socket stopped."""

    # Private methods

    async def _take(self, text: str) -> None:
        about: Mapping[str, Any] = {}
        try:
            self._spend()
            frame = self.frames.read(text)
            about = _about(frame)
            await self._carry_out(frame)
            self._impatience[NOT_UNDERSTOOD] = 0
        except DomainError as error:
            self.refuse(error, about or claimed(text, "client_id", "conversation"))
        except Exception as error:  # a process boundary: a frame that breaks must not break the frames after it
            refusal = as_domain_error(error)
            if refusal is None:
                log.exception("frame_failed")
                refusal = Unavailable("Something went wrong on our side.")
            self.refuse(refusal, about)

    async def _carry_out(self, frame: Frame) -> None:
        if isinstance(frame, Ping):
            self.put(type="pong", server_time=clock.now())
        elif isinstance(frame, Hello):
            await self._hello(frame)
        elif not self.known:
            raise Unauthenticated("Say hello with a ticket first.")
        else:
            await getattr(self, f"on_{frame.type}")(frame)

    async def _hello(self, frame: Hello) -> None:
        try:
            admission = await self.process.ask(redeem_ticket, ticket=frame.ticket)
        except Unavailable as error:
            self.refuse(error, {})
            if not self.known:
                self.outbound.close(COME_BACK, "tickets can't be checked now")
            return
        except TicketInvalid as error:
            self.outbound.close(UNWELCOME, error.code)
            return
        if self.known and admission.principal.user_id != self.admission.principal.user_id:
            self.outbound.close(UNWELCOME, "the ticket is somebody else's")
            return
        self.admission, self.asked_again = admission, False
        if not self.known:
            if not self.process.sockets.add(self):
                self.outbound.close(TOO_FAST, "too many sockets")
                return
            self._hurry.cancel()
            self.known = True
            await self.enter()
        self._welcome()
        if frame.resume:
            await self.resume(frame.resume)

    def _welcome(self) -> None:
        self.put(
            type="welcome",
            session=self.admission.principal.session_id,
            user_id=self.admission.principal.user_id,
            server_time=clock.now(),
            until=self.admission.until,
            limits={"frame_bytes": MAX_BYTES, "ping_every": PING_EVERY, **self.limits()},
        )

    def _spend(self) -> None:
        """A token bucket of this socket, so that a flood of whatever costs nothing but its own parsing."""
        now = time.monotonic()
        self._tokens = min(FRAMES_AT_ONCE, self._tokens + (now - self._tokens_at) * FRAMES_PER_SECOND)
        self._tokens_at = now
        if self._tokens < 1:
            raise TooManyRequests("Slow down.", data={"retry_after": 1})
        self._tokens -= 1

    def _lose_patience(self, code: int) -> None:
        self._impatience[code] += 1
        if self._impatience[code] >= PATIENCE:
            self.outbound.close(code, "too many refusals")

    def _nobody_said_hello(self) -> None:
        self.outbound.close(UNWELCOME, "nobody said hello")

    async def _send_text(self, text: str) -> None:
        # Once for every delivery: none of the checks of AsyncWebsocketConsumer.send.
        await self.base_send({"type": "websocket.send", "text": text})

    def _abort(self) -> None:
        # ASGI can only close politely, which waits for ever for a reader that does not read. uvicorn hands its
        # protocol's own method to the application; with another server the polite way must do.
        transport = getattr(getattr(self.base_send, "__self__", None), "transport", None)
        if transport is not None:
            transport.abort()


def _about(frame: Frame) -> dict[str, Any]:
    """How a refusal names what it is about."""
    names = ("client_id", "conversation")
    return {name: value for name in names if (value := getattr(frame, name, None)) is not None}
