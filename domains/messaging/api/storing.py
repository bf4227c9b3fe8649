"""Messages of all sockets on their way into the database, many in one transaction."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

import structlog
from django.db import InterfaceError, OperationalError

from domains.messaging import actions, rules
from domains.messaging.actions import Draft, Sent
from kelmah.errors import DomainError, Unavailable
from kelmah.live.process import with_database

log = structlog.get_logger(__name__)

Outcome = Sent | DomainError
Tell = Callable[[Outcome], None]

_AT_ONCE: Final = 200
_GATHERING: Final = 0.004  # seconds between two batches: fewer commits for the same messages
_PATIENCE: Final = 5.0  # seconds that a message tries to get into a conversation which somebody holds
_PAUSES: Final = (0.1, 0.3, 1.0, 2.0)  # seconds after each attempt while the database is away


class _Waiting(NamedTuple):
    draft: Draft
    tell: Tell
    since: float


class Store:
    """One thread that stores what has come in while it was storing; the order of each conversation is kept."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._thread = ThreadPoolExecutor(1, "live-store")
        self._storing: asyncio.Task[None] | None = None

    def add(self, draft: Draft, tell: Tell) -> None:
        """Store the message soon; ``tell`` is called in the loop with what became of it."""
        self._waiting.append(_Waiting(draft, tell, time.monotonic()))
        if self._storing is None:
            self._storing = asyncio.create_task(self._store_all())

    # Private methods

    async def _store_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                outcomes = await self._store([each.draft for each in batch])
                self._tell(batch, outcomes)
                await asyncio.sleep(_GATHERING)
        finally:
            self._storing = None

    def _tell(self, batch: Sequence[_Waiting], outcomes: Sequence[Outcome]) -> None:
        latest = time.monotonic() - _PATIENCE
        again: list[_Waiting] = []
        for each, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, rules.ConversationBusy) and each.since > latest:
                again.append(each)
            else:
                each.tell(outcome)
        self._waiting = again + self._waiting  # before what came later, which may be of the same conversation

    async def _store(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        for pause in _PAUSES:
            try:
                return await self._on_thread(drafts)
            except (OperationalError, InterfaceError) as error:
                # PostgreSQL restarts, say. Whether it was stored is not known, and need not be: sending again is the
                # same message.
                log.warning("messages_not_stored", count=len(drafts), error=type(error).__name__)
                await asyncio.sleep(pause)
            except Exception:  # a process boundary: the senders are told, and the others' turn comes
                log.exception("messages_not_stored", count=len(drafts))
                break
        else:
            return [_not_now()] * len(drafts)
        return await self._store_apart(drafts)

    async def _store_apart(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        """One by one: one of them is to blame, and the others must not share its fate."""
        outcomes: list[Outcome] = []
        for draft in drafts:
            try:
                outcomes += await self._on_thread([draft])
            except Exception as error:  # a process boundary, as above
                log.warning("message_not_stored", error=type(error).__name__)
                outcomes.append(_not_now())
        return outcomes

    async def _on_thread(self, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        store = partial(actions.send_messages, patient=False)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, with_database, store, {"drafts": drafts})


def _not_now() -> Unavailable:
    return Unavailable("The message could not be stored: send it again.", data={"retry_after": 2})
