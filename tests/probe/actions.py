"""What the probe does."""

from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from tests.probe.events import Counted, Tallied, Troubled
from tests.probe.models import Errand


def count(line: str, number: int) -> None:
    with atomic("probe"):
        publish(Counted(line=line, number=number))


def tally(line: str, number: int) -> None:
    with atomic("probe"):
        publish(Tallied(line=line, number=number))


def trouble(line: str, number: int) -> None:
    with atomic("probe"):
        publish(Troubled(line=line, number=number))


def send_errand(number: int) -> None:
    with atomic("probe"):
        Errand.objects.create(number=number)
        enqueue("probe.run_errand", number=number)


def run_errand(number: int) -> None:
    with atomic("probe"):
        errand = Errand.objects.select_for_update().get(number=number)
        if not errand.done:
            errand.done += 1
            errand.save()
