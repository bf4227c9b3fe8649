"""Keeping the directory of workers in step with everything it is made of."""

from uuid import UUID

import orjson
from django.db import connections

from domains.identity.models import Profile, WorkerCard
from domains.identity.queries import cards
from kelmah import clock
from kelmah.db import atomic, in_atomic

_BATCH = 500
_COLUMNS = [
    str(field.column) for field in WorkerCard._meta.concrete_fields if not field.generated and field.column != "search"
]
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('identity.card:' || id, 0)) FROM unnest(%s::text[]) AS id"
# What a worker is searched by: name and headline (A), skills (B), what they write (C), synonyms of their skills (D).
_SEARCH = """
    setweight(to_tsvector('english', card.display_name || ' ' || card.headline), 'A')
    || setweight(to_tsvector('english', row ->> 'skill_names'), 'B')
    || setweight(to_tsvector('english', row ->> 'about'), 'C')
    || setweight(to_tsvector('english', row ->> 'words'), 'D')
"""
WRITE = f"""
    INSERT INTO identity_workercard ({", ".join(_COLUMNS)}, search)
    SELECT {", ".join(f"card.{name}" for name in _COLUMNS)}, {_SEARCH}
    FROM json_array_elements(%s::json) AS row, json_populate_record(NULL::identity_workercard, row) AS card
    ON CONFLICT (user_id) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in [*_COLUMNS[1:], "search"])}
"""  # noqa: S608 - names of columns


def refresh(*user_ids: UUID) -> None:
    """Make the directory say of these people what is true now, or nothing where they may not be found.

    To be called in the transaction of whatever changes a profile, a reputation, a verification, a setting of privacy or
    the standing of an account, after the change. Of hirers and of nobody we know, nothing.
    """
    if in_atomic() != "identity":
        raise RuntimeError("a card is written together with what it tells of: inside atomic('identity')")
    wanted = sorted(user_ids)
    if not wanted:
        return
    with connections["identity"].cursor() as cursor:
        # Two who change different rows of one person (a review comes in while staff suspend them) must not each write
        # a card from what the other has not committed. In one order, so that two batches never deadlock.
        cursor.execute(_LOCK, [[str(user_id) for user_id in wanted]])
        rows = cards.cards_of(wanted, now=clock.now())
        listed = {row["user_id"] for row in rows}
        WorkerCard.objects.filter(user_id__in=[each for each in wanted if str(each) not in listed]).delete()
        if rows:
            cursor.execute(WRITE, [orjson.dumps(rows).decode()])


def refresh_all() -> int:
    """Write every card anew, a batch at a time: age changes a rank though nobody does anything. Returns how many people
    were looked at. Twice is safe."""
    seen, after = 0, UUID(int=0)
    workers = Profile.objects.filter(user__role="worker").order_by("user_id").values_list("user_id", flat=True)
    while batch := list(workers.filter(user_id__gt=after)[:_BATCH]):
        with atomic("identity"):
            refresh(*batch)
        seen, after = seen + len(batch), batch[-1]
    return seen
