"""Conversations as their members see them: the last message, the unread ones, the names."""

from datetime import datetime
from uuid import UUID

from domains.messaging.queries.messages import UNREAD
from domains.messaging.queries.pages import MESSAGE, Page, moment, one_row
from kelmah.errors import NotFound

_CARD = f"""json_build_object(
    'id', c.id, 'context', json_build_object('kind', c.context_kind, 'id', c.context_id), 'title', c.title,
    'members', (SELECT json_agg(json_build_object('user_id', o.user_id, 'display_name', p.display_name,
                                                  'last_read_seq', o.last_read_seq) ORDER BY o.user_id)
                FROM messaging_member o LEFT JOIN messaging_contact p ON p.user_id = o.user_id
                WHERE o.conversation_id = c.id AND o.left_at IS NULL),
    'last_seq', c.last_seq, 'last_read_seq', me.last_read_seq, 'unread', ({UNREAD}),
    'last_message', (SELECT {MESSAGE} FROM messaging_message m WHERE m.conversation_id = c.id AND m.seq = c.last_seq),
    'last_message_at', {moment("c.last_message_at")}, 'created_at', {moment("c.created_at")})"""  # noqa: S608

_MINE = """messaging_member me JOIN messaging_conversation c ON c.id = me.conversation_id
           WHERE me.user_id = %(reader)s AND me.left_at IS NULL"""

_LIST = f"""
SELECT coalesce(json_agg(page.card ORDER BY n) FILTER (WHERE n <= %(limit)s), '[]')::text, count(*),
       (array_agg(page.at ORDER BY n))[%(limit)s], (array_agg(page.id ORDER BY n))[%(limit)s]
FROM (
    SELECT row_number() OVER (ORDER BY c.last_message_at DESC, c.id DESC) AS n, c.last_message_at AS at, c.id,
           {_CARD} AS card
    FROM (SELECT c.*, me.id AS member_id FROM {_MINE}
          AND (%(at)s::timestamptz IS NULL OR (c.last_message_at, c.id) < (%(at)s, %(id)s))
          ORDER BY c.last_message_at DESC, c.id DESC LIMIT %(limit)s + 1) c
    JOIN messaging_member me ON me.id = c.member_id
) page
"""  # noqa: S608

_ONE = f"SELECT {_CARD}::text FROM {_MINE} AND c.id = %(id)s"  # noqa: S608


def conversations_of(*, reader_id: UUID, limit: int, after: tuple[datetime, UUID] | None = None) -> Page:
    """My conversations, most lively first. Keys: last_message_at, id."""
    at, last_id = after or (None, None)
    row = one_row(_LIST, {"reader": reader_id, "at": at, "id": last_id, "limit": limit})
    assert row is not None  # noqa: S101 - an aggregate always gives one
    items, found, *last = row
    return Page(items, tuple(last) if found > limit else None)


def conversation_card(*, conversation_id: UUID, reader_id: UUID) -> str:
    """One of my conversations as JSON. Raises NotFound."""
    row = one_row(_ONE, {"reader": reader_id, "id": conversation_id})
    if row is None:
        raise NotFound("You have no such conversation.")
    return str(row[0])
