"""What the plumbing of a domain still says of somebody: events that were heard, answers kept for repeated requests."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connections

from kelmah.domain import model_of

_REASON = "the person it was about was erased"

# What was heard stays marked as heard, without what it said. What was given up on is given up for good.
_HEARD = """
UPDATE {domain}_inbox SET payload = '{{}}', last_error = '',
    completed_at = coalesce(completed_at, clock_timestamp()),
    discarded_reason = CASE WHEN completed_at IS NULL THEN %s ELSE discarded_reason END
WHERE strpos(payload::text, %s) > 0 AND (completed_at IS NOT NULL OR dead_at IS NOT NULL)
"""
_TOLD = "DELETE FROM {domain}_outbox WHERE dead_at IS NOT NULL AND strpos(payload::text, %s) > 0"
_ANSWERS = """
DELETE FROM {domain}_idempotencykey
WHERE caller = %s
   OR EXISTS (SELECT 1 FROM unnest(%s::text[]) AS word WHERE position(convert_to(word, 'UTF8') IN body) > 0)
"""


def forget_traces(domain: str, user_id: UUID, *, words: Sequence[str] = ()) -> int:
    """Empty what was heard about somebody, and delete the answers that name them: by id, or by one of ``words``, where
    the domain knows any that tell nobody else. Returns how many rows.

    Inside ``atomic(domain)``. What waits to be heard stays and is found by a later sweep. Tables are read to their end:
    this is rare, and they hold some weeks.
    """
    model_of(domain, "Inbox")  # raises LookupError for a domain that is not here
    name = str(user_id)
    with connections[domain].cursor() as cursor:
        cursor.execute(_HEARD.format(domain=domain), [_REASON, name])
        count = cursor.rowcount
        cursor.execute(_TOLD.format(domain=domain), [name])
        count += cursor.rowcount
        cursor.execute(_ANSWERS.format(domain=domain), [f"user:{name}", [name, *words]])
        return int(count + cursor.rowcount)
