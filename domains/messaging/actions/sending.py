"""Sending messages, one or many at once, each stored before anybody sees it.

Live processes collect what comes in at the same moment and store it in one transaction: a batch costs the round trips
of one message, keeps the order of each conversation, and one draft that is refused does not spoil the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from uuid import UUID

from django.conf import settings
from django.db import connections

from domains.messaging import queries, rules
from domains.messaging.models import MessageFile
from domains.messaging.rules.frames import message_frame
from kelmah import clock
from kelmah.db import atomic, run_on_commit
from kelmah.errors import DomainError, NotFound
from kelmah.events.publish import publish
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.files.types import FileInfo
from kelmah.interfaces.messaging.events import MessageSent
from kelmah.live.hints import give_hint

_SEND = """
SELECT outcome, message_id, number, free_at FROM messaging_send(
    %s::uuid[], %s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::smallint[], %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message on its way in, checked as far as that is possible without the database. ``files`` are shared with the
    other members already."""

    conversation_id: UUID
    sender_id: UUID
    client_id: str
    text: str
    files: tuple[FileInfo, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A stored message. ``frame`` is what everybody gets; empty when the message was there before (``repeated``)."""

    conversation_id: UUID
    message_id: UUID
    seq: int
    frame: bytes = b""

    @property
    def repeated(self) -> bool:
        return not self.frame


def draft_message(
    *, conversation_id: UUID, sender_id: UUID, client_id: str, text: str, file_ids: Sequence[UUID] = ()
) -> Draft:
    """Check a message, and let the other members read its files. Before any transaction; without files it touches
    neither the database nor the network. Raises InvalidInput, MessageEmpty, NotFound, FileNotAttachable."""
    rules.check_client_id(client_id)
    plain = rules.cleaned_text(text, has_files=bool(file_ids))
    if not file_ids:
        return Draft(conversation_id, sender_id, client_id, plain)
    members = queries.members_of(conversation_id=conversation_id, by=sender_id)
    shared = files.share(
        ids=list(dict.fromkeys(file_ids)),
        owner_id=sender_id,
        reader_ids=[member for member in members if member != sender_id],
        context=rules.conversation_topic(conversation_id),
    )
    return Draft(conversation_id, sender_id, client_id, plain, tuple(shared))


def send_message(draft: Draft) -> Sent:
    """Store one message and hint at it; sent again under its client_id, it is the same message.

    Raises NotFound, TooManyMessages.
    """
    with atomic("messaging"):
        (outcome,) = send_messages([draft], patient=True)
        if isinstance(outcome, DomainError):
            raise outcome
        if not outcome.repeated:
            topic = rules.conversation_topic(outcome.conversation_id)
            run_on_commit("messaging", lambda: give_hint(topic, outcome.frame, seq=outcome.seq))
    return outcome


def send_messages(drafts: Sequence[Draft], *, patient: bool) -> list[Sent | DomainError]:
    """Store a batch; for each draft, in order, what became of it. Hinting at them is the caller's.

    Whoever is not ``patient`` waits for no conversation that somebody else is writing to: all its drafts are answered
    with ConversationBusy, and may be sent again.
    """
    with atomic("messaging"):
        now = clock.now()
        ids = [new_id() for _ in drafts]
        with connections["messaging"].cursor() as cursor:
            cursor.execute(
                _SEND,
                [
                    [draft.conversation_id for draft in drafts],
                    [draft.sender_id for draft in drafts],
                    [draft.client_id for draft in drafts],
                    ids,
                    [draft.text for draft in drafts],
                    [len(draft.files) for draft in drafts],
                    now,
                    settings.MESSAGES_PER_MINUTE,
                    patient,
                ],
            )
            rows = cursor.fetchall()
        _attach({message_id: draft for message_id, draft in zip(ids, drafts, strict=True) if draft.files}, rows)
        outcomes = [_outcome(draft, row, now) for draft, row in zip(drafts, rows, strict=True)]
        for draft, outcome in zip(drafts, outcomes, strict=True):
            if isinstance(outcome, Sent) and not outcome.repeated:
                publish(
                    MessageSent(
                        conversation_id=outcome.conversation_id,
                        message_id=outcome.message_id,
                        sender_id=draft.sender_id,
                        seq=outcome.seq,
                    )
                )
    return outcomes


# Private functions


def _outcome(draft: Draft, row: tuple[str, UUID, int, datetime | None], now: datetime) -> Sent | DomainError:
    word, message_id, seq, free_at = row
    if word == "not_found":
        return NotFound("You have no such conversation.")
    if word == "busy":
        return rules.ConversationBusy(data={"retry_after": 1})
    if word == "too_many":
        wait = ceil((free_at - now).total_seconds()) if free_at else 1
        return rules.TooManyMessages(data={"retry_after": max(1, wait)})
    if word == "repeated":
        return Sent(draft.conversation_id, message_id, seq)
    frame = message_frame(
        message_id=message_id,
        conversation_id=draft.conversation_id,
        seq=seq,
        sender_id=draft.sender_id,
        client_id=draft.client_id,
        text=draft.text,
        files=draft.files,
        created_at=now,
    )
    return Sent(draft.conversation_id, message_id, seq, frame)


def _attach(with_files: dict[UUID, Draft], rows: Sequence[tuple[str, UUID, int, datetime | None]]) -> None:
    if not with_files:
        return
    stored = {message_id for word, message_id, *_ in rows if word == "sent"}
    MessageFile.objects.bulk_create(
        MessageFile(
            message_id=message_id,
            file_id=info.file_id,
            name=info.name,
            content_type=info.content_type,
            size=info.size,
        )
        for message_id, draft in with_files.items()
        if message_id in stored
        for info in draft.files
    )
