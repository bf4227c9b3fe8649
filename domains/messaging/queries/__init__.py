"""Reads of messaging."""

from uuid import UUID

from django.db.models import QuerySet

from domains.messaging.models import Conversation, Member, Notification
from kelmah.errors import NotFound
from kelmah.principal import Principal


def access_conversation(*, conversation_id: UUID, by: Principal) -> Conversation:
    """A conversation for one of its members. Raises NotFound."""
    conversation = Conversation.objects.filter(id=conversation_id, members__user_id=by.user_id).first()
    if conversation is None:
        raise NotFound("You have no such conversation.")
    return conversation


def is_member(*, conversation_id: UUID, user_id: UUID) -> bool:
    return Member.objects.filter(conversation_id=conversation_id, user_id=user_id).exists()


def notifications_of(user_id: UUID) -> QuerySet[Notification]:
    return Notification.objects.filter(user_id=user_id)
