"""Messages and conversations as JSON: hot lists, each one statement, rendered as they come."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db import connections

# What a client gets of a message, the same over REST and over the socket.
_MESSAGE = """json_build_object(
    'id', m.id, 'conversation_id', m.conversation_id, 'seq', m.seq, 'sender_id', m.sender_id,
    'client_id', m.client_id, 'text', m.text,
    'created_at', to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'files', (SELECT coalesce(json_agg(json_build_object('file_id', f.file_id, 'name', f.name,
              'content_type', f.content_type, 'size', f.size) ORDER BY f.id), '[]')
              FROM messaging_messagefile f WHERE f.message_id = m.id))"""

_BEFORE = f"""
SELECT coalesce(json_agg(line ORDER BY seq DESC), '[]')::text FROM (
    SELECT m.seq, {_MESSAGE} AS line FROM messaging_message m
    WHERE m.conversation_id = %s AND m.seq < %s ORDER BY m.seq DESC LIMIT %s) page
"""  # noqa: S608 - no value is put in
_AFTER = f"""
SELECT coalesce(json_agg(line ORDER BY seq), '[]')::text FROM (
    SELECT m.seq, {_MESSAGE} AS line FROM messaging_message m
    WHERE m.conversation_id = %s AND m.seq > %s ORDER BY m.seq LIMIT %s) page
"""  # noqa: S608
_ONE = f"SELECT {_MESSAGE}::text FROM messaging_message m WHERE m.id = %s"  # noqa: S608

_CONVERSATIONS = f"""
SELECT coalesce(json_agg(line ORDER BY last_message_at DESC, id DESC), '[]')::text,
       (array_agg(last_message_at ORDER BY last_message_at, id))[1], (array_agg(id ORDER BY last_message_at, id))[1],
       count(*)
FROM (
    SELECT c.last_message_at, c.id, json_build_object(
        'id', c.id, 'title', c.title, 'last_seq', c.last_seq,
        'context', json_build_object('kind', c.context_kind, 'id', c.context_id),
        'member_ids', json_build_array(c.first_id, c.second_id),
        'unread', c.last_seq - me.last_read_seq,
        'last_message', (SELECT {_MESSAGE} FROM messaging_message m
                         WHERE m.conversation_id = c.id AND m.seq = c.last_seq)) AS line
    FROM messaging_member me JOIN messaging_conversation c ON c.id = me.conversation_id
    WHERE me.user_id = %(user)s AND (%(at)s::timestamptz IS NULL OR (c.last_message_at, c.id) < (%(at)s, %(id)s))
      AND (%(only)s::uuid IS NULL OR c.id = %(only)s)
    ORDER BY c.last_message_at DESC, c.id DESC LIMIT %(limit)s) page
"""  # noqa: S608


@dataclass(frozen=True)
class ConversationPage:
    """A JSON array, and where the next page begins."""

    items: bytes
    after: tuple[object, object] | None


def messages_before(*, conversation_id: UUID, seq: int | None, limit: int) -> bytes:
    """Newest first, as a JSON array."""
    return _fetch(_BEFORE, [conversation_id, seq or 2**62, limit])


def messages_after(*, conversation_id: UUID, seq: int, limit: int) -> bytes:
    """Oldest first, as a JSON array."""
    return _fetch(_AFTER, [conversation_id, seq, limit])


def message_json(message_id: UUID) -> bytes:
    return _fetch(_ONE, [message_id])


def conversations_page(
    *, user_id: UUID, after: tuple[object, object] | None, limit: int, only: UUID | None = None
) -> ConversationPage:
    """Most lively first, with the last message and exact unread counts."""
    at, last_id = after or (None, None)
    values: dict[str, Any] = {"user": user_id, "at": at, "id": last_id, "limit": limit, "only": only}
    with connections["messaging"].cursor() as cursor:
        cursor.execute(_CONVERSATIONS, values)
        items, oldest_at, oldest_id, count = cursor.fetchone()
    return ConversationPage(items.encode(), (oldest_at, oldest_id) if count == limit else None)


def message_frame(message: bytes) -> bytes:
    """A stored message as a frame of the live protocol."""
    body = orjson.loads(message)
    return orjson.dumps({"type": "message", "conversation": body.pop("conversation_id"), **body})


def _fetch(statement: str, values: list[Any]) -> bytes:
    with connections["messaging"].cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
        return row[0].encode() if row else b""
