"""Forgetting what was heard long ago. Until then it proves that nothing is heard twice, and shows staff what came."""

from django.conf import settings
from django.db import connections

_FORGET = """
DELETE FROM {domain}_inbox WHERE id IN (
    SELECT id FROM {domain}_inbox
    WHERE completed_at < clock_timestamp() - make_interval(days => %s) AND discarded_reason = ''
    ORDER BY completed_at LIMIT %s)
"""


def forget_heard(domain: str, *, limit: int = 10_000) -> int:
    """Delete rows of events heard more than ``EVENT_KEEP_DAYS`` ago, the oldest first; returns how many.

    What staff gave up, with their reason, stays.
    """
    with connections[domain].cursor() as cursor:
        cursor.execute(_FORGET.format(domain=domain), [settings.EVENT_KEEP_DAYS, limit])
        return int(cursor.rowcount)
