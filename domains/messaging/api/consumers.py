"""The live protocol ``kelmah.v1`` over ``/ws``: one JSON object per frame. See docs/live-protocol.md."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.http.request import validate_host

from domains.messaging import actions, queries
from domains.messaging.actions import Draft, Sent
from domains.messaging.actions.notifications import user_channel
from domains.messaging.actions.sending import channel_of, share_files
from domains.messaging.api.desk import Desk, desk
from kelmah import clock
from kelmah.errors import DomainError, InvalidInput, NotFound, TooManyRequests
from kelmah.http.store import StoreDown
from kelmah.live.hints import pack
from kelmah.live.hub import Subscription
from kelmah.live.outbound import Outbound
from kelmah.live.tickets import Admission, redeem_ticket
from kelmah.principal import Principal

log = structlog.get_logger(__name__)

PROTOCOL: Final = "kelmah.v1"
FRAME_LIMIT: Final = 65_536
SUBSCRIPTIONS: Final = 100
SOCKETS_PER_USER: Final = 20
HELLO_WITHIN: Final = 10.0  # seconds
REAUTH_AHEAD: Final = 60.0  # seconds before the token's end that a new ticket is asked for
PATIENCE: Final = 20  # refusals for haste until the socket is closed

UNWELCOME, FORBIDDEN, TOO_BIG, TOO_FAST, NOT_UNDERSTOOD = 4401, 4403, 1009, 4429, 1003


class LiveConsumer(AsyncWebsocketConsumer):
    """One socket of one person."""

    admission: Admission | None = None
    haste = 0
    warned = False

    async def connect(self) -> None:
        self.subscriptions: dict[UUID, Subscription] = {}
        self.own: Subscription | None = None
        if not _origin_is_fine(dict(self.scope["headers"])) or PROTOCOL not in self.scope["subprotocols"]:
            await self.close(FORBIDDEN)
            return
        self.desk: Desk = desk()
        await self.accept(PROTOCOL)
        self.outbound = Outbound(self._send_frame, self.close)
        self.waiting = asyncio.get_running_loop().call_later(HELLO_WITHIN, self._nobody_said_hello)

    async def disconnect(self, code: int) -> None:
        if not hasattr(self, "outbound"):
            return
        self.waiting.cancel()
        self.desk.sockets.discard(self)
        for conversation_id, subscription in self.subscriptions.items():
            await self.desk.hub.unsubscribe(channel_of(conversation_id), subscription)
        if self.own and self.admission:
            await self.desk.hub.unsubscribe(user_channel(self.admission.user_id), self.own)
        await self.outbound.finish()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is None:
            self.outbound.shut(NOT_UNDERSTOOD)
            return
        if len(text_data) > FRAME_LIMIT:
            self.outbound.shut(TOO_BIG)
            return
        frame: dict[str, Any] = {}
        try:
            frame = _parsed(text_data)
            await self._take(frame)
        except DomainError as error:
            self._refuse(error, frame.get("client_id"))
        except StoreDown:
            self._put(type="error", code="unavailable", detail="Try again in a moment.")
        except Exception:
            # A process boundary: one frame that breaks us must not break the socket of its sender's other frames.
            log.exception("frame_failed", type=frame.get("type"))
            detail = "Something went wrong here."
            self._put(type="error", code="internal", detail=detail, client_id=frame.get("client_id"))

    def check_admission(self) -> None:
        """Ask for a new ticket before the token ends, and close without one. Called by the desk's clock."""
        if self.admission is None:
            return
        left = (self.admission.until - clock.now()).total_seconds()
        if left <= 0:
            self.outbound.shut(UNWELCOME)
        elif left <= REAUTH_AHEAD and not self.warned:
            self.warned = True
            self._put(type="reauth", within=int(left))

    # Private methods

    async def _take(self, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == "hello":
            await self._hello(frame)
        elif kind == "ping":
            self._put(type="pong")
        elif self.admission is None:
            raise NotFound("Say hello with a ticket first.")
        else:
            handle = self._handlers().get(str(kind))
            if handle is None:
                raise InvalidInput(f"There is no frame type {kind!r}.")
            await handle(frame)

    def _handlers(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[None]]]:
        return {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "send": self._take_message,
            "read": self._read,
        }

    async def _hello(self, frame: dict[str, Any]) -> None:
        admission = await self.desk.ask(redeem_ticket, ticket=str(frame.get("ticket", "")))
        known = self.admission
        if admission is None or (known is not None and known.user_id != admission.user_id):
            self.outbound.shut(UNWELCOME)
            return
        self.admission, self.warned = admission, False
        if known is None:
            self.waiting.cancel()
            mine = [socket for socket in self.desk.sockets if socket.user_id == admission.user_id]
            if len(mine) >= SOCKETS_PER_USER:
                self.outbound.shut(TOO_FAST)
                return
            self.desk.sockets.add(self)
            self.own = Subscription(self.outbound)
            await self.desk.hub.subscribe(user_channel(admission.user_id), self.own)
        self._put(
            type="welcome",
            session=str(admission.session_id),
            server_time=f"{clock.now():%Y-%m-%dT%H:%M:%S.%f}Z",
            limits={
                "frame": FRAME_LIMIT,
                "sends_per_minute": settings.MESSAGES_PER_MINUTE,
                "subscriptions": SUBSCRIPTIONS,
                "idle_ping": 25,
            },
        )
        resume = frame.get("resume") or {}
        if not isinstance(resume, dict):
            raise InvalidInput("resume maps conversations to the last number seen.")
        for conversation, since in resume.items():
            await self._subscribe({"conversation": conversation, "since": since})

    async def _subscribe(self, frame: dict[str, Any]) -> None:
        conversation_id = _uuid(frame, "conversation")
        if len(self.subscriptions) >= SUBSCRIPTIONS and conversation_id not in self.subscriptions:
            raise TooManyRequests(f"At most {SUBSCRIPTIONS} conversations at once.")
        conversation = await self.desk.ask(
            queries.access_conversation, conversation_id=conversation_id, by=self._principal()
        )
        since = frame.get("since")
        if since is not None and (not isinstance(since, int) or isinstance(since, bool) or since < 0):
            raise InvalidInput("since is the last number you have seen.")
        channel = channel_of(conversation_id)
        subscription = self.subscriptions.get(conversation_id)
        if subscription is None:
            last = conversation.last_seq if since is None else since
            subscription = self.subscriptions[conversation_id] = Subscription(self.outbound, last=last)
            await self.desk.hub.subscribe(channel, subscription)
        elif since is not None:
            subscription.last = min(subscription.last, since)
        self._put(type="subscribed", conversation=str(conversation_id), seq=conversation.last_seq)
        # Only now, with hints on their way, is what was stored before complete.
        self.desk.hub.catch_up(channel, subscription)

    async def _unsubscribe(self, frame: dict[str, Any]) -> None:
        conversation_id = _uuid(frame, "conversation")
        subscription = self.subscriptions.pop(conversation_id, None)
        if subscription:
            await self.desk.hub.unsubscribe(channel_of(conversation_id), subscription)

    async def _take_message(self, frame: dict[str, Any]) -> None:
        client_id, text, file_ids = frame.get("client_id"), frame.get("text", ""), frame.get("file_ids") or []
        if not isinstance(client_id, str) or not 1 <= len(client_id) <= 64:
            raise InvalidInput("client_id is your own name for the message, up to 64 characters.")
        if not isinstance(text, str) or not isinstance(file_ids, list) or len(file_ids) > 10:
            raise InvalidInput("A message has a text and up to ten file_ids.")
        draft = Draft(
            conversation_id=_uuid(frame, "conversation"), sender_id=self.user_id, client_id=client_id, text=text
        )
        if file_ids:
            wanted = [_uuid({"file": file_id}, "file") for file_id in file_ids]
            draft = await self.desk.ask(share_files, draft=draft, file_ids=wanted)
        self.desk.send(draft).add_done_callback(lambda future: self._answer(future, client_id))

    def _answer(self, future: "asyncio.Future[Sent]", client_id: str) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, DomainError):
            self._refuse(error, client_id)
        elif error is None:
            sent = future.result()
            self.haste = 0
            self._put(type="ack", client_id=client_id, message_id=str(sent.message_id), seq=sent.seq)

    async def _read(self, frame: dict[str, Any]) -> None:
        conversation_id, seq = _uuid(frame, "conversation"), frame.get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
            raise InvalidInput("seq is the last number you have read.")
        await self.desk.ask(actions.mark_read, conversation_id=conversation_id, by=self._principal(), seq=seq)
        told = {"type": "read", "conversation": str(conversation_id), "user_id": str(self.user_id), "seq": seq}
        self.desk.hub.publish(channel_of(conversation_id), pack(orjson.dumps(told)))

    @property
    def user_id(self) -> UUID:
        assert self.admission is not None  # noqa: S101 - every frame but hello and ping is refused before
        return self.admission.user_id

    def _principal(self) -> Principal:
        return Principal(user_id=self.user_id)

    def _refuse(self, error: DomainError, client_id: Any) -> None:
        self._put(type="error", code=error.code, detail=error.detail, client_id=client_id)
        if isinstance(error, TooManyRequests):
            self.haste += 1
            if self.haste >= PATIENCE:
                self.outbound.shut(TOO_FAST)

    def _put(self, **frame: Any) -> None:
        self.outbound.put(orjson.dumps({name: value for name, value in frame.items() if value is not None}).decode())

    def _nobody_said_hello(self) -> None:
        if self.admission is None:
            self.outbound.shut(UNWELCOME)

    async def _send_frame(self, text: str) -> None:
        # What AsyncWebsocketConsumer.send does, without its checks: this runs for every delivery.
        await self.base_send({"type": "websocket.send", "text": text})


# Private functions


def _parsed(text: str) -> dict[str, Any]:
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidInput("A frame is one JSON object.") from None
    if not isinstance(frame, dict):
        raise InvalidInput("A frame is one JSON object.")
    return frame


def _uuid(frame: dict[str, Any], name: str) -> UUID:
    try:
        return UUID(frame[name])
    except (KeyError, ValueError, AttributeError, TypeError):
        raise InvalidInput(f"{name} is missing or no id.") from None


def _origin_is_fine(headers: dict[bytes, bytes]) -> bool:
    """Browsers name where a page came from; apps don't. A foreign page must not open sockets for its visitor."""
    origin = headers.get(b"origin", b"").decode("latin-1")
    if not origin:
        return True
    return origin in settings.LIVE_ORIGINS or validate_host(urlsplit(origin).hostname or "", settings.ALLOWED_HOSTS)
