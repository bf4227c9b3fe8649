"""What somebody was told."""

from uuid import UUID

from domains.messaging.models import Notification
from domains.messaging.queries.pages import Page, moment, one_row

_CARD = f"""json_build_object('id', t.id, 'kind', t.kind, 'title', t.title, 'body', t.body, 'data', t.data,
    'created_at', {moment("t.created_at")}, 'read_at', {moment("t.read_at")})"""

_LIST = f"""
SELECT coalesce(json_agg(page.card ORDER BY page.id DESC) FILTER (WHERE n <= %(limit)s), '[]')::text, count(*),
       (array_agg(page.id ORDER BY page.id DESC))[%(limit)s]
FROM (SELECT row_number() OVER (ORDER BY t.id DESC) AS n, t.id, {_CARD} AS card FROM messaging_notification t
      WHERE t.user_id = %(reader)s AND (%(after)s::uuid IS NULL OR t.id < %(after)s)
      ORDER BY t.id DESC LIMIT %(limit)s + 1) page
"""  # noqa: S608 - names are ours

_ONE = f"SELECT {_CARD}::text FROM messaging_notification t WHERE t.id = %(id)s AND t.user_id = %(reader)s"  # noqa: S608


def notifications_of(*, reader_id: UUID, limit: int, after: UUID | None = None) -> Page:
    """Newest first. Key: id."""
    row = one_row(_LIST, {"reader": reader_id, "after": after, "limit": limit})
    assert row is not None  # noqa: S101 - an aggregate always gives one
    items, found, last = row
    return Page(items, (last,) if found > limit else None)


def notification_json(*, notification_id: UUID, reader_id: UUID) -> str | None:
    """One of the reader's own; None when it isn't theirs."""
    row = one_row(_ONE, {"id": notification_id, "reader": reader_id})
    return str(row[0]) if row else None


def unread_notifications(reader_id: UUID) -> int:
    """How many they have not read."""
    return Notification.objects.filter(user_id=reader_id, read_at__isnull=True).count()
