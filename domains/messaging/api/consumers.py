"""Messaging's part of the live protocol ``kelmah.v1`` on ``/ws``: docs/live-protocol.md."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final
from uuid import UUID

from django.conf import settings

from domains.messaging import actions, rules
from domains.messaging.actions import Sent
from domains.messaging.api.frames import Read, Send, Subscribe, Unsubscribe, reader
from domains.messaging.api.live import Messaging, messaging
from domains.messaging.api.storing import Outcome
from kelmah.errors import NotFound, Unprocessable
from kelmah.live.consumer import LiveConsumer
from kelmah.live.hub import Subscription

SUBSCRIPTIONS: Final = 100
UNANSWERED: Final = 64  # messages of one socket on their way into the database

_FROM_NOW_ON: Final = 2**53


class TooManySubscriptions(Unprocessable):
    code, title = "too_many_subscriptions", "Unsubscribe from a conversation first"


class MessagingConsumer(LiveConsumer):
    """One socket of one person."""

    frames = reader
    process: Messaging

    def process_of_this_loop(self) -> Messaging:
        return messaging()

    def limits(self) -> dict[str, int]:
        return {
            "text_characters": rules.TEXT_LIMIT,
            "files": rules.FILES_LIMIT,
            "messages_per_minute": settings.MESSAGES_PER_MINUTE,
            "subscriptions": SUBSCRIPTIONS,
        }

    async def enter(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}
        self._unanswered, self._answered = 0, asyncio.Event()
        self._own: Subscription | None = None
        self._user_id = self.admission.principal.user_id
        self._own = await self.process.hub.listen(rules.user_topic(self._user_id), self.outbound)

    async def leave(self) -> None:
        hub = self.process.hub
        if self._own:
            await hub.leave(rules.user_topic(self._user_id), self._own)
        for topic, subscription in self._subscriptions.items():
            await hub.leave(topic, subscription)

    async def resume(self, seen: Mapping[UUID, int]) -> None:
        await self._join({rules.conversation_topic(conversation_id): seq for conversation_id, seq in seen.items()})

    async def on_subscribe(self, frame: Subscribe) -> None:
        since = _FROM_NOW_ON if frame.since is None else frame.since
        await self._join({rules.conversation_topic(frame.conversation): since})

    async def on_unsubscribe(self, frame: Unsubscribe) -> None:
        await self._part(rules.conversation_topic(frame.conversation))

    async def on_send(self, frame: Send) -> None:
        while self._unanswered >= UNANSWERED and not self.outbound.closed:
            # Not read on: the sender's own pipe fills up, and nothing is refused or lost.
            self._answered.clear()
            await self._answered.wait()
        drafting = partial(
            actions.draft_message,
            conversation_id=frame.conversation,
            sender_id=self._user_id,
            client_id=frame.client_id,
            text=frame.text,
            file_ids=frame.file_ids,
        )
        # Files are another domain's: it is asked off the loop.
        draft = await self.process.ask(drafting) if frame.file_ids else drafting()
        self._unanswered += 1
        self.process.send(draft, lambda outcome: self._answer(draft.client_id, draft.conversation_id, outcome))

    async def on_read(self, frame: Read) -> None:
        await self.process.ask(
            actions.mark_read, conversation_id=frame.conversation, by=self.admission.principal, seq=frame.seq
        )

    # Private methods

    def _answer(self, client_id: str, conversation_id: UUID, outcome: Outcome) -> None:
        self._unanswered -= 1
        self._answered.set()
        if isinstance(outcome, Sent):
            self.forgive()
            self.put(
                type="ack",
                client_id=client_id,
                conversation=conversation_id,
                message_id=outcome.message_id,
                seq=outcome.seq,
            )
        else:
            self.refuse(outcome, {"client_id": client_id, "conversation": conversation_id})

    async def _join(self, wanted: Mapping[str, int]) -> None:
        if len(self._subscriptions.keys() | wanted.keys()) > SUBSCRIPTIONS:
            raise TooManySubscriptions(f"A socket may listen to {SUBSCRIPTIONS} conversations.")
        for topic in wanted:  # again, after a hole: begin anew at the number that is asked for
            await self._part(topic)

        joined = await self.process.hub.join(self.outbound, wanted, partial(self.process.pages, self._user_id))
        self._subscriptions |= joined
        for topic in wanted.keys() - joined.keys():
            self.refuse(NotFound("You have no such conversation."), {"conversation": rules.conversation_of(topic)})

    async def _part(self, topic: str) -> None:
        subscription = self._subscriptions.pop(topic, None)
        if subscription is not None:
            await self.process.hub.leave(topic, subscription)
