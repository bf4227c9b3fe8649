"""What is measured: publishing, a handler that writes a row, a projection that counts."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from kelmah.db import atomic
from kelmah.events.event import Event
from kelmah.events.publish import publish
from tests.benchmarks.metered.events import Counted, Tallied
from tests.benchmarks.metered.models import Effect, Tally


def tell(events: Iterable[Event], *, together: int) -> None:
    """Publish, ``together`` of them in a transaction."""
    remaining = iter(events)
    while some := list(islice(remaining, together)):
        with atomic("metered"):
            publish(*some)


def write_down(event: Counted) -> None:
    with atomic("metered"):
        Effect.objects.create(line=event.line, number=event.number, subject_id=event.subject_id, begun=time.monotonic())


def count(events: Sequence[Tallied]) -> None:
    """Read what is there, count on, write it back: two statements, however many events."""
    with atomic("metered"):
        more = Counter(event.line for event in events)
        last = {event.line: event.number for event in events}
        known = dict(Tally.objects.select_for_update().filter(line__in=more).values_list("line", "count"))
        Tally.objects.bulk_create(
            [Tally(line=line, count=known.get(line, 0) + more[line], last=last[line]) for line in sorted(more)],
            update_conflicts=True,
            unique_fields=["line"],
            update_fields=["count", "last"],
        )
