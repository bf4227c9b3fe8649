"""A target that fails again and again is left alone; one trial decides when it is let in again."""

import threading
import time
from typing import Any

import pytest

from kelmah.embedded.ports import free_port
from kelmah.ids import new_id
from kelmah.rpc import DeadlineExceeded, RemoteUnavailable
from kelmah.rpc.breaker import Breaker, CircuitOpen, breaker_of, breaker_states
from kelmah.rpc.deadline import within
from tests.kernel.rpc.parcels.calls import Parcels, parcels


@pytest.fixture(autouse=True)
def thresholds(settings: Any) -> None:
    settings.RPC_BREAKER_FAILURES, settings.RPC_BREAKER_SECONDS = 3, 0.2


@pytest.fixture
def breaker() -> Breaker:
    return Breaker("http://somewhere")


def fail(breaker: Breaker, *, error: type[Exception] = RemoteUnavailable, patient: bool = True) -> None:
    with pytest.raises(error), breaker.attempt(patient=patient):
        raise error


def answer(breaker: Breaker) -> None:
    with breaker.attempt(patient=True):
        pass


def opened(breaker: Breaker) -> Breaker:
    for _ in range(3):
        fail(breaker)
    assert breaker.state == "open"
    return breaker


def test_it_opens_after_failures_in_a_row_and_refuses_at_once(breaker: Breaker) -> None:
    for _ in range(2):
        fail(breaker)
        fail(breaker)
        answer(breaker)
    assert breaker.state == "closed"
    opened(breaker)
    with pytest.raises(CircuitOpen) as caught, breaker.attempt(patient=True):
        pytest.fail("no attempt may be made")
    assert (caught.value.status, caught.value.data) == (503, {"retry_after": 1})


@pytest.mark.parametrize("error", [DeadlineExceeded, RemoteUnavailable])
def test_silence_counts(breaker: Breaker, error: type[Exception]) -> None:
    for _ in range(3):
        fail(breaker, error=error)
    assert breaker.state == "open"


def test_what_tells_nothing_about_the_target_does_not_count(breaker: Breaker) -> None:
    for _ in range(5):
        fail(breaker, error=DeadlineExceeded, patient=False)
        fail(breaker, error=LookupError)
    assert breaker.state == "closed"


def test_one_trial_closes_it_again(breaker: Breaker) -> None:
    opened(breaker)
    time.sleep(0.21)
    assert breaker.state == "half_open"
    answer(breaker)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "closed", "the failures before it are forgotten"


def test_a_failed_trial_opens_it_for_as_long_again(breaker: Breaker) -> None:
    opened(breaker)
    time.sleep(0.21)
    fail(breaker)
    assert breaker.state == "open"
    with pytest.raises(CircuitOpen):
        answer(breaker)


def test_a_trial_that_tells_nothing_leaves_the_next_one_free(breaker: Breaker) -> None:
    opened(breaker)
    time.sleep(0.21)
    fail(breaker, error=LookupError)
    answer(breaker)
    assert breaker.state == "closed"


def test_of_many_at_once_one_makes_the_trial(breaker: Breaker) -> None:
    opened(breaker)
    time.sleep(0.21)
    start, finish, outcomes = threading.Barrier(8), threading.Event(), list[str]()

    def attempt() -> None:
        start.wait()
        try:
            with breaker.attempt(patient=True):
                outcomes.append("tried")
                finish.wait(5)
        except CircuitOpen:
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 5
    while len(outcomes) < 8 and time.monotonic() < until:
        time.sleep(0.01)
    finish.set()
    for thread in threads:
        thread.join(timeout=5)
    assert sorted(outcomes) == ["refused"] * 7 + ["tried"]
    assert breaker.state == "closed"


def test_attempts_run_side_by_side(breaker: Breaker) -> None:
    both = threading.Barrier(2, timeout=5)

    def attempt() -> None:
        with breaker.attempt(patient=True):
            both.wait()

    other = threading.Thread(target=attempt)
    other.start()
    attempt()
    other.join(timeout=5)
    assert not both.broken


def test_calls_to_a_host_that_is_gone_stop_and_come_back_with_it(settings: Any, over_http: Parcels) -> None:
    url = settings.DOMAIN_URLS["parcels"]
    gone = f"http://127.0.0.1:{free_port()}"
    settings.DOMAIN_URLS = {"parcels": gone}
    for _ in range(3):
        with pytest.raises(RemoteUnavailable):
            parcels.forget()
    began = time.monotonic()
    with pytest.raises(CircuitOpen):
        parcels.same(parcel=None)  # idempotent, and yet not tried again: waiting would not help
    assert time.monotonic() - began < 0.05
    assert breaker_states()[gone] == "open"
    settings.DOMAIN_URLS = {"parcels": url}
    assert over_http.same(parcel=None) is None
    assert breaker_states()[url] == "closed"


def test_a_slow_target_opens_it_and_a_refusal_of_the_service_does_not(settings: Any, over_http: Parcels) -> None:
    breaker = breaker_of(settings.DOMAIN_URLS["parcels"])
    for _ in range(4):
        with pytest.raises(Exception, match="Not yet"):
            over_http.impatient(key=str(new_id()), refusals=1)
    assert breaker.state == "closed"
    for _ in range(3):
        with pytest.raises(DeadlineExceeded):
            over_http.nap(seconds=0.7)
    assert breaker.state == "open"
    time.sleep(0.21)
    with within(2.0):
        assert over_http.same(parcel=None) is None
    assert breaker.state == "closed"
