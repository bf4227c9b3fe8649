"""Two schedules at once, and one of them killed: every tick once, and soon again."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis as redis_client
from django.conf import settings

from tests.faults.processes import environment, kill, running, start, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.domain("probe", transaction=True), pytest.mark.timeout(120)]


@pytest.fixture
def start_beat(tmp_path: Path) -> Callable[[str], subprocess.Popen]:
    redis_client.Redis.from_url(settings.REDIS_URL).flushdb()

    def begin(name: str) -> subprocess.Popen:
        options = ("-s", str(tmp_path / name), "--pidfile=", "--loglevel", "error")
        return start("-m", "celery", "-A", "tests.faults.ticking", "beat", *options, env=environment("probe"))

    return begin


def told() -> int:
    """How many tasks the schedule has sent: nobody takes them."""
    count = redis_client.Redis.from_url(settings.REDIS_URL).llen("kelmah.probe")
    assert isinstance(count, int)
    return count


def test_two_beats_tell_every_tick_once(start_beat: Callable[[str], subprocess.Popen]) -> None:
    with running(start_beat("one"), start_beat("two")):
        wait_until("the first tick", lambda: told() > 0)
        before, began = told(), time.monotonic()
        time.sleep(8)
        ticks, seconds = told() - before, time.monotonic() - began
    assert 0.5 * seconds < ticks <= seconds + 1.5, f"{ticks} ticks in {seconds:.1f} s of one a second"


def test_when_the_leader_is_killed_the_other_takes_over(start_beat: Callable[[str], subprocess.Popen]) -> None:
    first = start_beat("one")
    with running(first):
        wait_until("the first tick", lambda: told() > 0)
        second = start_beat("two")
        with running(second):
            time.sleep(3)
            kill(first)
            before = told()
            wait_until("the second goes on", lambda: told() > before + 1, seconds=15)
