"""What all sockets of one live process share: the hub, the batches on their way into the database, and a clock."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

import orjson
import structlog
from django.conf import settings
from django.db import DatabaseError, connections

from domains.messaging import actions
from domains.messaging.actions import Draft, Sent
from domains.messaging.actions.sending import channel_of
from domains.messaging.queries.history import message_frame, messages_after
from kelmah.errors import DomainError, Unavailable
from kelmah.live.hints import pack
from kelmah.live.hub import Hub, Subscription

if TYPE_CHECKING:
    from domains.messaging.api.consumers import LiveConsumer

log = structlog.get_logger(__name__)
T = TypeVar("T")

BATCH: Final = 200  # messages of one transaction
CATCH_UP: Final = 200  # messages fetched at a time
TICK: Final = 5.0  # seconds between looks at who must show a new ticket


class Desk:
    """One per process and event loop."""

    def __init__(self) -> None:
        self.hub = Hub(settings.REDIS_URL, self._catch_up)
        self.sockets: set[LiveConsumer] = set()
        self._pending: list[tuple[Draft, asyncio.Future[Sent]]] = []
        self._writer = ThreadPoolExecutor(1, "live-writer")
        self._readers = ThreadPoolExecutor(4, "live-reader")
        self._storing: asyncio.Task[None] | None = None
        self._ticking = asyncio.ensure_future(self._tick())
        self.hub.start()

    def send(self, draft: Draft) -> "asyncio.Future[Sent]":
        """Store a message with whatever else comes in at this moment; the future has what became of it."""
        future: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()
        self._pending.append((draft, future))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.ensure_future(self._store())
        return future

    async def ask(self, function: Callable[..., T], **arguments: Any) -> T:
        """Run a read or a small write on a thread. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, lambda: _with_database(function, **arguments)
        )

    # Private methods

    async def _store(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
            drafts = [draft for draft, _ in batch]
            outcomes: Sequence[Sent | DomainError]
            try:
                outcomes = await loop.run_in_executor(
                    self._writer, lambda d=drafts: _with_database(actions.send_messages, drafts=d)
                )
            except Exception as error:  # a process boundary: the senders are told, and may send again
                log.error("messages_not_stored", count=len(batch), error=type(error).__name__)
                outcomes = [Unavailable(data={"retry_after": 1})] * len(batch)
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                self._tell(future, outcome)

    def _tell(self, future: "asyncio.Future[Sent]", outcome: Sent | DomainError) -> None:
        if isinstance(outcome, DomainError):
            if not future.done():
                future.set_exception(outcome)
            return
        if not outcome.repeated:
            self.hub.publish(channel_of(outcome.conversation_id), pack(outcome.frame, seq=outcome.seq))
        if not future.done():
            future.set_result(outcome)

    async def _catch_up(self, channel: str, subscription: Subscription) -> None:
        kind, _, name = channel.partition(":")
        if kind != "conversation":
            return  # notifications are read again over REST
        while not subscription.outbound.closed:
            found = await self.ask(messages_after, conversation_id=UUID(name), seq=subscription.last, limit=CATCH_UP)
            messages = orjson.loads(found)
            if not messages:
                return
            first, last = messages[0]["seq"], messages[-1]["seq"]
            gap = {"type": "gap", "conversation": name, "from": first, "to": last}
            subscription.outbound.put(orjson.dumps(gap).decode())
            for message in messages:
                subscription.outbound.put(message_frame(orjson.dumps(message)).decode())
                subscription.last = message["seq"]
            await asyncio.sleep(0)  # let the writer send before more is fetched

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            for socket in tuple(self.sockets):
                socket.check_admission()


_desk: Desk | None = None


def desk() -> Desk:
    """The desk of this process. Inside its event loop."""
    global _desk
    if _desk is None:
        _desk = Desk()
    return _desk


def _with_database(function: Callable[..., T], **arguments: Any) -> T:
    try:
        return function(**arguments)
    except DatabaseError:
        connections["messaging"].close()  # the next call gets a fresh one
        raise
