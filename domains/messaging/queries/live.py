"""What live processes read: the truth that hints only hint at."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domains.messaging.queries.pages import FRAME, all_rows

_HEADS = "SELECT id, last_seq FROM messaging_conversation WHERE id = ANY(%(ids)s)"

_MISSING = f"""
SELECT m.seq, {FRAME}::text FROM messaging_message m
WHERE m.conversation_id = %(id)s AND m.seq > %(after)s ORDER BY m.seq LIMIT %(limit)s
"""  # noqa: S608 - names are ours

# Membership, the end of the conversation and what is missing, of one snapshot: nothing can slip in between. When a
# lot is missing, the newest; whoever wants to see what was before asks for the history.
_OPENING = f"""
SELECT c.id, c.last_seq, missing.seqs, missing.frames
FROM unnest(%(ids)s::uuid[], %(seen)s::bigint[]) AS wanted(id, seen)
JOIN messaging_member me ON me.conversation_id = wanted.id AND me.user_id = %(reader)s AND me.left_at IS NULL
JOIN messaging_conversation c ON c.id = wanted.id
CROSS JOIN LATERAL (
    SELECT array_agg(newest.seq ORDER BY newest.seq) AS seqs, array_agg(newest.frame ORDER BY newest.seq) AS frames
    FROM (SELECT m.seq, {FRAME}::text AS frame FROM messaging_message m
          WHERE m.conversation_id = c.id AND m.seq > wanted.seen ORDER BY m.seq DESC LIMIT %(limit)s) newest
) missing
"""  # noqa: S608


def heads_of(conversation_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The number of the last message of each."""
    return dict(all_rows(_HEADS, {"ids": list(conversation_ids)}))


def missing_frames(*, conversation_id: UUID, after: int, limit: int) -> list[tuple[int, str]]:
    """The oldest messages after a number, as frames."""
    rows = all_rows(_MISSING, {"id": conversation_id, "after": after, "limit": limit})
    return [(seq, frame) for seq, frame in rows]


def opening_pages(
    *, reader_id: UUID, seen: Mapping[UUID, int], limit: int
) -> dict[UUID, tuple[int, list[tuple[int, str]]]]:
    """For those of the conversations that the reader is a member of: the last number, and the newest ``limit`` of the
    messages after the number they have seen, oldest first, as frames."""
    rows = all_rows(_OPENING, {"reader": reader_id, "ids": list(seen), "seen": list(seen.values()), "limit": limit})
    return {
        conversation_id: (last_seq, list(zip(seqs or (), frames or (), strict=True)))
        for conversation_id, last_seq, seqs, frames in rows
    }
