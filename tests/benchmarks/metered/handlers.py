from kelmah.events.handlers import handles
from tests.benchmarks.metered import actions
from tests.benchmarks.metered.events import Counted, Tallied


@handles(Counted)
def on_counted(event: Counted) -> None:
    """A second time would leave a second row, and the benchmark would see it."""
    actions.write_down(event)


@handles(Tallied, batch=True)
def on_tallied(events: list[Tallied]) -> None:
    """A second time would count twice, and the benchmark would see it."""
    actions.count(events)
