"""Events with processes killed under them: every effect exactly once, the order of each key kept."""

import os
import random
import signal
import threading
import time

import psycopg
import pytest
from django.db import connections

from kelmah.embedded.redis import Redis
from tests.faults.processes import environment, kill, running, start_relay, start_worker, wait_until
from tests.probe import actions
from tests.probe.models import Effect, Errand, Inbox, Outbox, Tally

pytestmark = [pytest.mark.slow, pytest.mark.domain("probe", transaction=True), pytest.mark.timeout(180)]


def all_is_heard() -> bool:
    return not Outbox.objects.filter(target="probe").exists() and not Inbox.objects.filter(completed_at=None).exists()


def assert_each_once_and_in_order(lines: dict[str, int]) -> None:
    for line, count in lines.items():
        numbers = list(Effect.objects.filter(line=line).order_by("id").values_list("number", flat=True))
        assert numbers == list(range(1, count + 1)), f"{line}: {numbers}"
    tallies = {tally.line: (tally.count, tally.last) for tally in Tally.objects.all()}
    assert tallies == {line: (count, count) for line, count in lines.items()}


def publish_lines(lines: dict[str, int], *, pause: float = 0.0) -> None:
    """Number every line from 1, all lines side by side."""
    for number in range(1, max(lines.values()) + 1):
        for line, count in lines.items():
            if number <= count:
                actions.count(line, number)
                actions.tally(line, number)
                time.sleep(pause)


@pytest.mark.parametrize(
    "place", ["inbox.before_commit", "relay.after_send"], ids=["inside a handler", "between send and mark"]
)
def test_a_relay_killed_at_the_worst_moment(place):
    lines = {"a": 10, "b": 10}
    doomed = start_relay(KELMAH_FAULTPOINT=place)
    with running(doomed):
        publish_lines(lines)
        assert doomed.wait(timeout=30) == -9, "it should have been killed"
    assert not all_is_heard()
    heir = start_relay()
    with running(heir):
        wait_until("the heir does the rest", all_is_heard)
    assert_each_once_and_in_order(lines)


def test_two_relays_killed_at_random_under_load():
    lines = {f"line {number}": 60 for number in range(8)}
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    relays = [start_relay(), start_relay()]

    def load() -> None:
        publish_lines(lines, pause=0.005)
        connections.close_all()

    publisher = threading.Thread(target=load)
    publisher.start()
    try:
        for kills in range(1, 7):
            wait_until("somebody works", lambda kills=kills: Effect.objects.count() >= 60 * kills)
            time.sleep(chance.uniform(0, 0.2))
            victim = chance.randrange(2)
            kill(relays[victim])
            relays[victim] = start_relay()
        publisher.join(timeout=60)
        wait_until(f"everything is heard (seed {seed})", all_is_heard)
    finally:
        publisher.join(timeout=60)
        with running(*relays):
            pass
    assert_each_once_and_in_order(lines)


def test_the_database_cuts_every_connection_of_a_relay_under_load():
    lines = {f"line {number}": 60 for number in range(8)}
    ours: list[int] = []
    cut = 0

    def load() -> None:
        ours.append(backend())
        publish_lines(lines, pause=0.002)
        connections.close_all()

    relay, publisher = start_relay(), threading.Thread(target=load)
    publisher.start()
    with running(relay), psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"], autocommit=True) as admin:
        ours.append(backend())
        for cuts in range(1, 7):
            wait_until("it works", lambda cuts=cuts: Effect.objects.count() >= 50 * cuts)
            found = admin.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE usename = 'kelmah_probe' AND pid <> ALL(%s)",
                [ours],
            ).fetchone()
            cut += found[0]
        publisher.join(timeout=60)
        wait_until("everything is heard", all_is_heard)
        assert relay.poll() is None, "the relay must survive a cut connection"
    assert cut >= 6, "every cut must hit"
    assert_each_once_and_in_order(lines)


def backend() -> int:
    """The server's process behind this thread's connection."""
    with connections["probe"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_redis_killed_during_load():
    redis = Redis.for_tests()
    url = redis.start()
    relay, worker = start_relay(REDIS_URL=url), start_worker(REDIS_URL=url)
    lines = {f"line {number}": 30 for number in range(4)}
    try:
        with running(relay, worker):
            for number in range(1, 21):
                actions.send_errand(number)
            publish_lines(dict.fromkeys(lines, 15))
            wait_until("some errands are done", lambda: Errand.objects.filter(done=1).exists())
            os.kill(redis._child.pid, signal.SIGKILL)
            for number in range(21, 41):
                actions.send_errand(number)
            for number in range(16, 31):
                for line in lines:
                    actions.count(line, number)
                    actions.tally(line, number)
            wait_until("events do not need Redis", all_is_heard)
            redis.restart()
            # What Redis held in memory is gone with it: the sweep that every domain has finds the rows.
            for errand in Errand.objects.filter(done=0, number__lte=20):
                actions.run_errand(errand.number)
            wait_until("what waited in the outbox is sent", lambda: not Outbox.objects.exists(), seconds=60)
            wait_until("every errand is done", lambda: not Errand.objects.filter(done=0).exists(), seconds=60)
    finally:
        redis.stop()
    assert_each_once_and_in_order(lines)
    assert set(Errand.objects.values_list("done", flat=True)) == {1}


def test_the_environment_of_processes_holds_no_administrator():
    found = environment("probe")
    assert "@" not in found["DATABASE_URL"]
