"""What is measured: publishing, a handler that writes a row, a projection that counts."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice

from django.db.models import F

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
            for event in some:
                publish(event)


def write_down(event: Counted) -> None:
    with atomic("metered"):
        Effect.objects.create(line=event.line, number=event.number, subject_id=event.subject_id, begun=time.monotonic())


def count(events: Sequence[Tallied]) -> None:
    with atomic("metered"):
        last = {event.line: event.number for event in events}
        for line, more in Counter(event.line for event in events).items():
            if not Tally.objects.filter(line=line).update(count=F("count") + more, last=last[line]):
                Tally.objects.create(line=line, count=more, last=last[line])
