"""The broker hung, killed, and told twice: tasks run once, events never notice."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from kelmah.db import atomic
from kelmah.embedded import scratch
from kelmah.embedded.redis import Redis
from kelmah.events.publish import enqueue
from tests.faults.processes import running, start_relay, start_worker, wait_until
from tests.probe import actions
from tests.probe.models import Effect, Errand, Outbox

pytestmark = [pytest.mark.slow, pytest.mark.domain("probe", transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def redis() -> Iterator[Redis]:
    """As ``make run`` has it: what it has accepted survives its death."""
    folder = scratch.new_folder("faults-redis")
    server = Redis(home=folder)
    server.start()
    yield server
    server.stop()
    scratch.discard(folder)


def process_of(redis: Redis) -> int:
    assert redis._child is not None
    return redis._child.pid


def send_again(number: int) -> None:
    with atomic("probe"):
        enqueue("probe.run_errand", number=number)


def errands_done() -> list[int]:
    return sorted(Errand.objects.filter(done=1).values_list("number", flat=True))


def test_a_hung_broker_delays_no_event(redis: Redis) -> None:
    with running(start_relay(REDIS_URL=redis.url), start_worker(REDIS_URL=redis.url)):
        actions.send_errand(0)
        wait_until("all is up", lambda: errands_done() == [0])
        os.kill(process_of(redis), signal.SIGSTOP)
        try:
            slowest = 0.0
            for number in range(1, 11):
                actions.send_errand(number)
                began = time.monotonic()
                actions.count("a", number)
                wait_until("the event", lambda count=number: Effect.objects.count() == count, seconds=10)
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(0.5)
            assert slowest < 2, "the relay waited for the broker"
            assert errands_done() == [0]
        finally:
            os.kill(process_of(redis), signal.SIGCONT)
        wait_until("every errand is done", lambda: errands_done() == list(range(11)), seconds=60)


def test_a_worker_whose_acknowledgement_was_not_heard_goes_on(redis: Redis) -> None:
    """Redis hangs the moment a task is done; the worker was once left with its only place taken, for good."""
    with running(start_relay(REDIS_URL=redis.url), start_worker(REDIS_URL=redis.url)):
        actions.send_errand(0)
        while errands_done() != [0]:
            pass
        os.kill(process_of(redis), signal.SIGSTOP)
        time.sleep(8)  # longer than the worker waits for an answer
        os.kill(process_of(redis), signal.SIGCONT)
        for number in range(1, 4):
            actions.send_errand(number)
        wait_until("the next errands are done", lambda: errands_done() == [0, 1, 2, 3], seconds=60)


def test_a_task_that_was_sent_twice_has_its_effect_once(redis: Redis) -> None:
    """The relay dies between handing a task over and noting that it did."""
    doomed = start_relay(REDIS_URL=redis.url, KELMAH_FAULTPOINT="relay.after_task")
    with running(doomed):
        for number in range(1, 6):
            actions.send_errand(number)
        assert doomed.wait(timeout=30) == -signal.SIGKILL
    assert Outbox.objects.count() == 5, "one was sent, none was noted"
    with running(start_relay(REDIS_URL=redis.url), start_worker(REDIS_URL=redis.url)):
        wait_until("every errand is done", lambda: errands_done() == [1, 2, 3, 4, 5])
        wait_until("all is handed over", lambda: not Outbox.objects.exists())
    assert set(Errand.objects.values_list("done", flat=True)) == {1}


def test_a_broker_killed_again_and_again_loses_at_most_what_a_sweep_finds(redis: Redis) -> None:
    with running(start_relay(REDIS_URL=redis.url), start_worker(REDIS_URL=redis.url)):
        number = 0
        for _ in range(3):
            for _ in range(20):
                number += 1
                actions.send_errand(number)
                actions.count(f"line {number % 3}", number)
            os.kill(process_of(redis), signal.SIGKILL)
            redis.restart()
        wait_until("events do not need Redis", lambda: Effect.objects.count() == number)
        wait_until("all is handed over", lambda: not Outbox.objects.exists(), seconds=60)
        # A message on its way from Redis to the worker when Redis dies is lost: that is why domains sweep their rows.
        deadline = time.monotonic() + 60
        while len(errands_done()) < number and time.monotonic() < deadline:
            time.sleep(3)
            for errand in Errand.objects.filter(done=0):
                send_again(errand.number)
        assert errands_done() == list(range(1, number + 1))
    for line in range(3):
        numbers = list(Effect.objects.filter(line=f"line {line}").order_by("id").values_list("number", flat=True))
        assert numbers == [each for each in range(1, number + 1) if each % 3 == line]
