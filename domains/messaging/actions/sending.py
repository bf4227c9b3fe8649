"""Sending messages, one or many at once, each stored before anybody sees it.

Live processes collect what comes in at the same moment and store it in one transaction: a batch costs the round trips
of one message. A batch keeps the order of each conversation; one bad draft does not spoil the others.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connections

from domains.messaging import rules
from domains.messaging.models import MessageFile
from kelmah import clock
from kelmah.db import atomic, run_on_commit
from kelmah.errors import DomainError, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import files
from kelmah.interfaces.files.types import FileInfo
from kelmah.live.hints import give_hint, pack


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message on its way in. ``attached`` are files already shared with the other side."""

    conversation_id: UUID
    sender_id: UUID
    client_id: str
    text: str
    attached: tuple[FileInfo, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A stored message. ``frame`` is what everybody gets; ``repeated``: it was stored before."""

    message_id: UUID
    seq: int
    conversation_id: UUID
    frame: bytes = b""
    repeated: bool = False


def channel_of(conversation_id: UUID) -> str:
    """The hub's channel of a conversation."""
    return f"conversation:{conversation_id}"


def share_files(*, draft: Draft, file_ids: Sequence[UUID]) -> Draft:
    """Let the other side read the sender's files. Before any transaction. Raises NotFound, FileNotAttachable."""
    with connections["messaging"].cursor() as cursor:
        cursor.execute("SELECT user_id FROM messaging_member WHERE conversation_id = %s", [draft.conversation_id])
        members = [row[0] for row in cursor.fetchall()]
    if draft.sender_id not in members:
        raise NotFound("You have no such conversation.")
    shared = files.share(
        ids=list(file_ids),
        owner_id=draft.sender_id,
        reader_ids=[member for member in members if member != draft.sender_id],
        context=channel_of(draft.conversation_id),
    )
    return Draft(**{**draft.__dict__, "attached": tuple(shared)})


def send_message(*, draft: Draft, file_ids: Sequence[UUID] = ()) -> Sent:
    """Store one message and hint at it. Raises NotFound, InvalidInput, TooManyMessages, FileNotAttachable."""
    if file_ids:
        draft = share_files(draft=draft, file_ids=file_ids)
    (outcome,) = send_messages([draft])
    if isinstance(outcome, DomainError):
        raise outcome
    if not outcome.repeated:
        channel, hint = channel_of(outcome.conversation_id), pack(outcome.frame, seq=outcome.seq)
        run_on_commit("messaging", lambda: give_hint(channel, hint))
    return outcome


def send_messages(drafts: Sequence[Draft]) -> list[Sent | DomainError]:
    """Store a batch; for each draft, in order, what became of it. Giving the hints is the caller's."""
    with atomic("messaging"), connections["messaging"].cursor() as cursor:
        # In one order everywhere, so that two batches never wait for each other; from here on nobody else numbers
        # messages of these conversations.
        cursor.execute(
            "SELECT id, last_seq FROM messaging_conversation WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
            [list({draft.conversation_id for draft in drafts})],
        )
        desk = _Desk(dict(cursor.fetchall()), cursor, drafts)
        outcomes = [desk.judge(draft) for draft in drafts]
        _store(cursor, desk.accepted)
        _attach(desk.accepted)
    return outcomes


# Private functions


class _Desk:
    """Decides about each draft of a batch, knowing what the batch before it changed."""

    def __init__(self, last: dict[UUID, int], cursor: Any, drafts: Sequence[Draft]) -> None:
        self.now = clock.now()
        self.last = last
        self.members = _members(cursor, drafts)
        self.known = _known(cursor, drafts)
        self.pace = _pace(cursor, drafts, since=self.now - timedelta(minutes=1))
        self.accepted: list[tuple[Draft, Sent, datetime]] = []

    def judge(self, draft: Draft) -> Sent | DomainError:
        key = (draft.conversation_id, draft.sender_id, draft.client_id)
        if (draft.conversation_id, draft.sender_id) not in self.members:
            return NotFound("You have no such conversation.")
        if repeated := self.known.get(key):
            return repeated
        if self.pace[draft.sender_id] >= settings.MESSAGES_PER_MINUTE:
            return rules.TooManyMessages(data={"retry_after": 10})
        try:
            text = rules.check_text(draft.text, has_files=bool(draft.attached))
        except DomainError as error:
            return error
        seq = self.last[draft.conversation_id] = self.last[draft.conversation_id] + 1
        self.pace[draft.sender_id] += 1
        message_id = new_id()
        frame = _frame(draft, message_id, seq, text, self.now)
        sent = Sent(message_id=message_id, seq=seq, conversation_id=draft.conversation_id, frame=frame)
        self.known[key] = Sent(message_id=message_id, seq=seq, conversation_id=draft.conversation_id, repeated=True)
        self.accepted.append((Draft(**{**draft.__dict__, "text": text}), sent, self.now))
        return sent


def _members(cursor: Any, drafts: Iterable[Draft]) -> set[tuple[UUID, UUID]]:
    pairs = {(draft.conversation_id, draft.sender_id) for draft in drafts}
    cursor.execute(
        "SELECT conversation_id, user_id FROM messaging_member"
        " WHERE (user_id, conversation_id) IN (SELECT * FROM unnest(%s::uuid[], %s::uuid[]))",
        [[user for _, user in pairs], [conversation for conversation, _ in pairs]],
    )
    return set(cursor.fetchall())


def _known(cursor: Any, drafts: Sequence[Draft]) -> dict[tuple[UUID, UUID, str], Sent]:
    cursor.execute(
        "SELECT conversation_id, sender_id, client_id, id, seq FROM messaging_message"
        " WHERE (conversation_id, sender_id, client_id) IN (SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[]))",
        [
            [draft.conversation_id for draft in drafts],
            [draft.sender_id for draft in drafts],
            [draft.client_id for draft in drafts],
        ],
    )
    return {
        (conversation, sender, client_id): Sent(
            message_id=message_id, seq=seq, conversation_id=conversation, repeated=True
        )
        for conversation, sender, client_id, message_id, seq in cursor.fetchall()
    }


def _pace(cursor: Any, drafts: Sequence[Draft], *, since: datetime) -> Counter[UUID]:
    cursor.execute(
        "SELECT sender_id, count(*) FROM messaging_message WHERE sender_id = ANY(%s) AND created_at > %s GROUP BY 1",
        [list({draft.sender_id for draft in drafts}), since],
    )
    return Counter(dict(cursor.fetchall()))


def _store(cursor: Any, accepted: Sequence[tuple[Draft, Sent, datetime]]) -> None:
    if not accepted:
        return
    cursor.execute(
        "INSERT INTO messaging_message (id, conversation_id, seq, sender_id, client_id, text, created_at)"
        " SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::uuid[], %s::text[], %s::text[],"
        " %s::timestamptz[])",
        [
            [sent.message_id for _, sent, _ in accepted],
            [draft.conversation_id for draft, _, _ in accepted],
            [sent.seq for _, sent, _ in accepted],
            [draft.sender_id for draft, _, _ in accepted],
            [draft.client_id for draft, _, _ in accepted],
            [draft.text for draft, _, _ in accepted],
            [at for _, _, at in accepted],
        ],
    )
    newest = {draft.conversation_id: sent.seq for draft, sent, _ in accepted}
    cursor.execute(
        "UPDATE messaging_conversation c SET last_seq = n.seq, last_message_at = %s"
        " FROM unnest(%s::uuid[], %s::bigint[]) AS n(id, seq) WHERE c.id = n.id",
        [accepted[0][2], list(newest), list(newest.values())],
    )
    read = {(draft.conversation_id, draft.sender_id): sent.seq for draft, sent, _ in accepted}
    cursor.execute(
        "UPDATE messaging_member m SET last_read_seq = n.seq"
        " FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS n(conversation, person, seq)"
        " WHERE m.conversation_id = n.conversation AND m.user_id = n.person",
        [[pair[0] for pair in read], [pair[1] for pair in read], list(read.values())],
    )


def _attach(accepted: Sequence[tuple[Draft, Sent, datetime]]) -> None:
    rows = [
        MessageFile(
            message_id=sent.message_id,
            file_id=info.file_id,
            name=info.name,
            content_type=info.content_type,
            size=info.size,
        )
        for draft, sent, _ in accepted
        for info in draft.attached
    ]
    if rows:
        MessageFile.objects.bulk_create(rows)


def _frame(draft: Draft, message_id: UUID, seq: int, text: str, at: datetime) -> bytes:
    return orjson.dumps(
        {
            "type": "message",
            "conversation": draft.conversation_id,
            "id": message_id,
            "seq": seq,
            "sender_id": draft.sender_id,
            "client_id": draft.client_id,
            "text": text,
            "created_at": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z",
            "files": [
                {"file_id": info.file_id, "name": info.name, "content_type": info.content_type, "size": info.size}
                for info in draft.attached
            ],
        }
    )
