"""Facts about conversations."""

from dataclasses import dataclass
from uuid import UUID

from kelmah.events.event import Event
from kelmah.interfaces.privacy import Answered


@dataclass(frozen=True, kw_only=True)
class ConversationOpened(Event, domain="messaging", key="conversation_id", to=()):
    """Members may write to each other. ``context_kind`` is ``contract`` or ``proposal``."""

    conversation_id: UUID
    context_kind: str
    context_id: UUID
    member_ids: list[UUID]


@dataclass(frozen=True, kw_only=True)
class MessageSent(Event, domain="messaging", key="conversation_id", to=()):
    conversation_id: UUID
    message_id: UUID
    sender_id: UUID
    seq: int


@dataclass(frozen=True, kw_only=True)
class PersonAnswered(Answered, Event, domain="messaging", key="user_id", to=("identity",)):
    """What messaging did for a request about somebody's data."""
