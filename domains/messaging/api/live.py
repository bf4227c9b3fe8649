"""What all sockets of one live process share, with the conversations behind its numbered topics."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from domains.messaging import queries, rules
from domains.messaging.actions import Draft, Sent
from domains.messaging.api.storing import Outcome, Store, Tell
from domains.messaging.rules.frames import gap_frame, subscribed_frame
from kelmah.live.hub import Page
from kelmah.live.process import LiveProcess

RESUMED: Final = 200  # messages that a subscription brings at most; what is older is in the history


class Conversations:
    """The hub's source: what PostgreSQL says. ``ask`` runs a query off the loop."""

    def __init__(self, ask: Callable[..., Awaitable[Any]]) -> None:
        self._ask = ask

    async def heads(self, topics: Sequence[str]) -> Mapping[str, int]:
        found = await self._ask(queries.heads_of, conversation_ids=[rules.conversation_of(topic) for topic in topics])
        return {rules.conversation_topic(conversation_id): head for conversation_id, head in found.items()}

    async def missing(self, topic: str, *, after: int, limit: int) -> Sequence[tuple[int, str]]:
        conversation_id = rules.conversation_of(topic)
        return await self._ask(queries.missing_frames, conversation_id=conversation_id, after=after, limit=limit)

    def gap(self, topic: str, first: int, last: int) -> str:
        return gap_frame(conversation_id=rules.conversation_of(topic), first=first, last=last)


class Messaging(LiveProcess):
    """The live process of messaging."""

    def __init__(self) -> None:
        super().__init__(Conversations(self.ask))
        self._store = Store()

    def send(self, draft: Draft, tell: Tell) -> None:
        """Store a message, tell its sender, then everybody."""

        def stored(outcome: Outcome) -> None:
            tell(outcome)
            if isinstance(outcome, Sent) and not outcome.repeated:
                topic = rules.conversation_topic(outcome.conversation_id)
                self.hub.publish(topic, outcome.frame, seq=outcome.seq)

        self._store.add(draft, stored)

    async def pages(self, reader_id: UUID, seen: Mapping[str, int]) -> dict[str, Page]:
        """What a reader misses of these topics; without those that are not theirs."""
        asked = {rules.conversation_of(topic): number for topic, number in seen.items()}
        found = await self.ask(queries.opening_pages, reader_id=reader_id, seen=asked, limit=RESUMED)
        return {
            rules.conversation_topic(conversation_id): _page(conversation_id, head, frames)
            for conversation_id, (head, frames) in found.items()
        }


_process: Messaging | None = None


def messaging() -> Messaging:
    """The one of this process, started by the first socket. Inside the event loop."""
    global _process
    if _process is None:
        _process = Messaging()
        _process.start()
    return _process


# Private functions


def _page(conversation_id: UUID, head: int, frames: Sequence[tuple[int, str]]) -> Page:
    preface = [subscribed_frame(conversation_id=conversation_id, seq=head)]
    if frames:
        preface.append(gap_frame(conversation_id=conversation_id, first=frames[0][0], last=frames[-1][0]))
    return Page(head, frames, preface)
