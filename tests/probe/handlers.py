"""What the probe hears."""

from kelmah.events.handlers import handles
from tests.probe.events import Counted, Tallied, Troubled
from tests.probe.models import Effect, Tally, Trouble


class InTrouble(Exception):
    pass


@handles(Counted)
def on_counted(event: Counted) -> None:
    """Not safe on purpose: a second time would leave a second row, and a test would see it."""
    Effect.objects.create(line=event.line, number=event.number)


@handles(Tallied, batch=True)
def on_tallied(events: list[Tallied]) -> None:
    """Not safe on purpose: a second time would count twice, and a test would see it."""
    for event in events:
        tally, _ = Tally.objects.get_or_create(line=event.line)
        assert event.number == tally.last + 1, "out of order"
        tally.count, tally.last = tally.count + 1, event.number
        tally.save()


@handles(Troubled)
def on_troubled(event: Troubled) -> None:
    """Fails while the line is in trouble, after it has had its effect: the effect must not stay."""
    Effect.objects.create(line=event.line, number=event.number)
    if Trouble.objects.filter(line=event.line).exists():
        raise InTrouble(event.line)
