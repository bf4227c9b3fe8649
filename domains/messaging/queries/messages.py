"""Messages, and who may read them."""

from uuid import UUID

from domains.messaging.models import Member
from domains.messaging.queries.pages import MESSAGE, Page, all_rows, one_row
from kelmah.errors import NotFound

# The row of the membership is the door: without it there is no row at all, and so no page.
_HISTORY = f"""
SELECT coalesce(json_agg(page.card ORDER BY page.seq {{order}}) FILTER (WHERE page.seq IS NOT NULL), '[]')::text
FROM messaging_member me LEFT JOIN LATERAL (
    SELECT m.seq, {MESSAGE} AS card FROM messaging_message m
    WHERE m.conversation_id = me.conversation_id AND m.seq > %(after)s AND m.seq < %(before)s
    ORDER BY m.seq {{order}} LIMIT %(limit)s
) page ON true
WHERE me.user_id = %(reader)s AND me.conversation_id = %(conversation)s AND me.left_at IS NULL
GROUP BY me.id
"""  # noqa: S608 - names are ours

_ONE = f"SELECT {MESSAGE}::text FROM messaging_message m WHERE m.id = %(id)s"  # noqa: S608

# Unread: what others wrote above the reader's mark. One's own messages are never unread.
UNREAD = """
    SELECT count(*) FROM messaging_message m
    WHERE m.conversation_id = me.conversation_id AND m.seq > me.last_read_seq AND m.sender_id <> me.user_id"""

_END = 2**62


def history(
    *, conversation_id: UUID, reader_id: UUID, after: int | None = None, before: int | None = None, limit: int
) -> Page:
    """Messages between two numbers, both excluded: oldest first when ``after`` is given, else newest first.

    Raises NotFound for whoever is no member.
    """
    order = "DESC" if after is None else "ASC"
    params = {
        "reader": reader_id,
        "conversation": conversation_id,
        "after": after or 0,
        "before": _END if before is None else before,
        "limit": limit,
    }
    row = one_row(_HISTORY.format(order=order), params)
    if row is None:
        raise NotFound("You have no such conversation.")
    return Page(row[0])


def message_json(message_id: UUID) -> str:
    """A stored message as the API shows it. For its sender."""
    row = one_row(_ONE, {"id": message_id})
    if row is None:
        raise NotFound("There is no such message.")
    return str(row[0])


def members_of(*, conversation_id: UUID, by: UUID) -> list[UUID]:
    """Who is in the conversation, for one of them. Raises NotFound."""
    members = Member.objects.filter(conversation_id=conversation_id, left_at__isnull=True)
    found = list(members.order_by("user_id").values_list("user_id", flat=True))
    if by not in found:
        raise NotFound("You have no such conversation.")
    return found


def lock_member(*, conversation_id: UUID, user_id: UUID) -> Member:
    """The caller's own membership, locked, with its conversation. Raises NotFound."""
    member = (
        Member.objects.select_for_update(of=("self",))
        .select_related("conversation")
        .filter(conversation_id=conversation_id, user_id=user_id, left_at__isnull=True)
        .first()
    )
    if member is None:
        raise NotFound("You have no such conversation.")
    return member


def unread_of(member: Member) -> int:
    """How many messages of others the member has not read, exactly."""
    statement = f"SELECT ({UNREAD}) FROM messaging_member me WHERE me.id = %(id)s"  # noqa: S608
    return int(all_rows(statement, {"id": member.pk})[0][0])
