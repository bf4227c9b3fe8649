"""Messages of all sockets on their way into the database, many in one transaction."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from django.db import InterfaceError, OperationalError

from domains.messaging import actions
from domains.messaging.actions import Draft, Sent
from kelmah.errors import DomainError, Unavailable
from kelmah.live.process import with_database

log = structlog.get_logger(__name__)

Outcome = Sent | DomainError
Tell = Callable[[Outcome], None]

LANES: Final = 2  # a conversation whose row somebody holds stops its own lane only
_AT_ONCE: Final = 200
_PAUSES: Final = (0.1, 0.3, 1.0, 2.0)  # seconds after each attempt
_HELD: Final = ("55P03", "57014")  # lock_not_available, query_canceled


class Lane:
    """One thread that stores what has come in while it was storing. All of one conversation take one lane, so that
    their order is that of their arrival."""

    def __init__(self, number: int) -> None:
        self._waiting: list[tuple[Draft, Tell]] = []
        self._thread = ThreadPoolExecutor(1, f"live-lane-{number}")
        self._storing: asyncio.Task[None] | None = None

    def add(self, draft: Draft, tell: Tell) -> None:
        self._waiting.append((draft, tell))
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all())

    async def _store_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                outcomes = await self._store([draft for draft, _ in batch])
                for (_, tell), outcome in zip(batch, outcomes, strict=True):
                    tell(outcome)
        finally:
            self._storing = None

    async def _store(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        for pause in _PAUSES:
            try:
                return await self._on_thread(drafts)
            except (OperationalError, InterfaceError) as error:
                if _somebody_holds_a_row(error):
                    break
                # PostgreSQL restarts, say. Whether it was stored is not known, and need not be: sending again is the
                # same message.
                log.warning("messages_not_stored", count=len(drafts), error=type(error).__name__)
                await asyncio.sleep(pause)
            except Exception:  # a process boundary: the senders are told, and the lane goes on
                log.exception("messages_not_stored", count=len(drafts))
                break
        else:
            return [_not_now()] * len(drafts)
        return await self._store_apart(drafts)

    async def _store_apart(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        """Conversation by conversation: one is to blame, and the others must not share its fate."""
        outcomes: dict[int, Outcome] = {}
        for conversation_id in dict.fromkeys(draft.conversation_id for draft in drafts):
            places = [place for place, draft in enumerate(drafts) if draft.conversation_id == conversation_id]
            try:
                stored = await self._on_thread([drafts[place] for place in places])
            except Exception as error:  # a process boundary, as above
                log.warning("messages_not_stored", count=len(places), error=type(error).__name__)
                stored = [_not_now()] * len(places)
            outcomes |= dict(zip(places, stored, strict=True))
        return [outcomes[place] for place in range(len(drafts))]

    async def _on_thread(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, with_database, actions.send_messages, {"drafts": drafts})


class Store:
    """All lanes of this process."""

    def __init__(self) -> None:
        self._lanes = [Lane(number) for number in range(LANES)]

    def add(self, draft: Draft, tell: Tell) -> None:
        """Store the message soon; ``tell`` is called in the loop with what became of it."""
        self._lanes[draft.conversation_id.int % LANES].add(draft, tell)


# Private functions


def _not_now() -> Unavailable:
    return Unavailable("The message could not be stored: send it again.", data={"retry_after": 2})


def _somebody_holds_a_row(error: Exception) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _HELD
