"""How far behind the events are."""

from dataclasses import dataclass

from django.db import connections


@dataclass(frozen=True)
class Gauge:
    """One queue of one domain: rows to do, seconds since the oldest came, and dead letters."""

    domain: str
    queue: str
    depth: int
    oldest_seconds: float
    dead: int


_GAUGE = """
SELECT count(*) FILTER (WHERE dead_at IS NULL),
       greatest(extract(epoch FROM clock_timestamp() - min(occurred_at) FILTER (WHERE dead_at IS NULL)), 0)::float,
       count(*) FILTER (WHERE dead_at IS NOT NULL)
FROM {table} WHERE {open}
"""


def gauges_of(domain: str) -> list[Gauge]:
    """Outbox and inbox of one local domain."""
    found = []
    for queue, still_open in (("outbox", "true"), ("inbox", "completed_at IS NULL")):
        with connections[domain].cursor() as cursor:
            cursor.execute(_GAUGE.format(table=f"{domain}_{queue}", open=still_open))
            found.append(Gauge(domain, queue, *cursor.fetchone()))
    return found
