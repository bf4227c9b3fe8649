"""A process that publishes: ``python -m tests.benchmarks.metered.publisher counted 1000 200 20 0``.

Prints a JSON list: when each event was committed, on the machine's monotonic clock, unless there is no pace.
"""

import json
import sys
import time

import django

django.setup()

from kelmah.ids import new_id
from tests.benchmarks.metered.actions import tell
from tests.benchmarks.metered.events import Counted, Tallied


def main(kind: str, count: int, lines: int, together: int, pace: float) -> None:
    event = {"counted": Counted, "tallied": Tallied}[kind]
    subject = new_id()
    note = "A few words, so that an event is as long as events are."
    events = (
        event(line=f"line {number % lines}", number=number, subject_id=subject, note=note) for number in range(count)
    )
    if not pace:
        tell(events, together=together)
        return
    committed = []
    for each in events:
        tell([each], together=1)
        committed.append(time.monotonic())
        time.sleep(1 / pace)
    print(json.dumps(committed))


if __name__ == "__main__":
    name, *numbers = sys.argv[1:]
    main(name, *(int(number) for number in numbers[:3]), pace=float(numbers[3]))
