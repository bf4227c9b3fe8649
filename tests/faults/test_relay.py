"""A relay that is asked to stop, and one that tells that it lives."""

import signal
import time
from pathlib import Path

import pytest

from tests.faults.processes import environment, running, start, start_relay, wait_until
from tests.probe import actions
from tests.probe.models import Effect, Inbox, Outbox

pytestmark = [pytest.mark.slow, pytest.mark.domain("probe", transaction=True), pytest.mark.timeout(120)]

LINES, EACH = 10, 60


def test_asked_to_stop_in_the_middle_it_ends_well_and_leaves_nothing_leased() -> None:
    for number in range(1, EACH + 1):
        for line in range(LINES):
            actions.count(f"line {line}", number)
    a_lease_too_long_to_wait_for = "600"
    first = start_relay(EVENT_LEASE_SECONDS=a_lease_too_long_to_wait_for)
    with running(first):
        wait_until("it has begun", Effect.objects.exists)
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=10) == 0
    done = Effect.objects.count()
    assert 0 < done < LINES * EACH, "it was not in the middle"
    assert not Inbox.objects.filter(completed_at=None, attempts__gt=0).exists(), "it still holds what it has not heard"
    with running(start_relay(EVENT_LEASE_SECONDS=a_lease_too_long_to_wait_for)):
        wait_until("the heir does the rest", lambda: Effect.objects.count() == LINES * EACH)
        wait_until("nothing is left", lambda: not Outbox.objects.exists())
    for line in range(LINES):
        numbers = list(Effect.objects.filter(line=f"line {line}").order_by("id").values_list("number", flat=True))
        assert numbers == list(range(1, EACH + 1))


def test_its_heart_beats_while_it_has_nothing_to_do(tmp_path: Path) -> None:
    file = tmp_path / "heartbeat"
    with running(start("manage.py", "events", "run", "--heartbeat", str(file), env=environment("probe"))):
        wait_until("the first beat", file.exists)
        before = file.stat().st_mtime
        wait_until("another one", lambda: file.stat().st_mtime > before, seconds=5)
    beat = file.stat().st_mtime
    time.sleep(1.5)
    assert file.stat().st_mtime == beat
