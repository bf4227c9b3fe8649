"""What messaging gives back to somebody, and how it forgets them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.fields import TextField
from django.db.models.functions import Cast

from domains.messaging.models import Contact, Conversation, Delivery, Message, MessageFile, Notification
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.messaging.events import PersonAnswered
from kelmah.interfaces.privacy import ERASED, Asked, Hold
from kelmah.privacy import answered, forget_traces, hand_over, records_of


def answer(asked: Asked) -> None:
    """Check or erase now, copy by a task."""
    with atomic("messaging"):
        if asked.step == "export":
            enqueue("messaging.export_person", request_id=str(asked.request_id), user_id=str(asked.user_id))
        else:
            publish(answered(PersonAnswered, asked, holds_on=holds_on, erase=_erase))


def export_person(*, request_id: UUID, user_id: UUID) -> None:
    """Bring everything to files. Again is safe. Raises Unavailable."""
    counts = hand_over(
        _sections(user_id), domain="messaging", request_id=request_id, user_id=user_id, keep=files.keep_export_part
    )
    with atomic("messaging"):
        publish(PersonAnswered(request_id=request_id, user_id=user_id, step="export", holds=[], counts=counts))


def holds_on(user_id: UUID) -> list[Hold]:
    """Nothing here stands against an erasure."""
    return []


# Private functions


def _talks(user_id: UUID) -> Any:
    return Conversation.objects.filter(Q(first_id=user_id) | Q(second_id=user_id))


def _sections(user_id: UUID) -> dict[str, Iterator[dict[str, Any]]]:
    """Conversations as the person sees them, the other side's words too: they were written to them."""
    seen = Message.objects.filter(conversation__in=_talks(user_id)).order_by("conversation_id", "seq")
    told = Notification.objects.filter(user_id=user_id).order_by("created_at")
    return {
        "contact": records_of(Contact.objects.filter(user_id=user_id)),
        "conversations": records_of(_talks(user_id).order_by("created_at")),
        "messages": records_of(seen),
        "attachments": records_of(MessageFile.objects.filter(message__in=seen)),
        "notifications": records_of(told),
        "deliveries": records_of(Delivery.objects.filter(notification__in=told)),
    }


def _erase(user_id: UUID) -> dict[str, int]:
    mine = Message.objects.filter(sender_id=user_id)
    files_of_mine = MessageFile.objects.filter(message__sender_id=user_id)
    # A title is the hirer's, of a job or a contract: which side that was is not known here, so it goes either way.
    titles = _talks(user_id).exclude(title=ERASED)
    own = Notification.objects.filter(user_id=user_id)
    about = Notification.objects.annotate(ids=Cast("data", TextField())).filter(ids__contains=str(user_id))
    return {
        "attachments": files_of_mine.delete()[0],
        "messages": mine.exclude(text=ERASED).update(text=ERASED, file_count=0),
        "client_ids": _rename(mine),
        "titles": titles.update(title=ERASED),
        "notifications": own.delete()[1].get("messaging.Notification", 0),
        "notifications_of_others": about.exclude(body=ERASED).update(body=ERASED),
        "contact": Contact.objects.filter(user_id=user_id).delete()[0],
        "traces": forget_traces("messaging", user_id),
    }


def _rename(mine: Any) -> int:
    """A client's own name for a message may be anything: its id takes the place."""
    named = mine.annotate(name=Cast("id", TextField()))
    return int(named.exclude(client_id=Cast("id", TextField())).update(client_id=Cast("id", TextField())))
