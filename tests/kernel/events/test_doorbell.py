"""Being woken, not woken, and cut off."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from kelmah.events.doorbell import Doorbell
from tests.probe import actions

pytestmark = pytest.mark.domain("probe", transaction=True)


@pytest.fixture
def bell() -> Iterator[Doorbell]:
    """It listens already."""
    with Doorbell(["probe", "payments"]) as bell:
        assert bell.wait(0.1) == {"probe", "payments"}
        yield bell


def seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def test_a_commit_wakes_for_its_domain_only(bell: Doorbell) -> None:
    actions.count("a", 1)
    found = []
    assert seconds(lambda: found.append(bell.wait(5))) < 1
    assert found == [{"probe"}]


def test_many_commits_are_one_word(bell: Doorbell) -> None:
    for number in range(5):
        actions.count("a", number)
    assert bell.wait(5) == {"probe"}


def test_silence_ends_with_a_look_at_everything(bell: Doorbell) -> None:
    assert bell.wait(0.2) == {"probe", "payments"}


def test_however_often_one_domain_rings_the_others_get_their_turn(bell: Doorbell) -> None:
    ends, turns = time.monotonic() + 5, 0
    while time.monotonic() < ends and turns < 2:
        actions.count("a", 1)
        turns += "payments" in bell.wait(0.3)
    assert turns == 2


def test_a_cut_connection_is_made_anew_and_everything_is_looked_at(bell: Doorbell) -> None:
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"], autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'kelmah:relay' AND datname = current_database()"
        )
    began = time.monotonic()
    while bell.wait(5) != {"probe", "payments"}:
        pass
    assert time.monotonic() - began < 2
    actions.count("a", 1)
    assert bell.wait(5) == {"probe"}


def test_a_signal_ends_the_waiting_at_once_and_for_ever(bell: Doorbell) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    try:
        bell.stop_on(signal.SIGUSR1)
        assert not bell.stopped
        os.kill(os.getpid(), signal.SIGUSR1)
        assert seconds(lambda: bell.wait(30)) < 1
        assert seconds(lambda: bell.wait(30)) < 1
        assert bell.stopped
    finally:
        signal.signal(signal.SIGUSR1, before)
