"""The peers' own server: what it carries out, what it hides, and what it tells."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from kelmah.ids import new_id
from tests.peers.running import Running, peer


@pytest.fixture(scope="module")
def _process() -> Iterator[Running]:
    with peer("probe") as running:
        yield running


@pytest.fixture
def probe(_process: Running) -> Iterator[Running]:
    yield _process
    _process.calm()


@pytest.fixture
def key() -> UUID:
    return new_id()


def charge(probe: Running, key: UUID, *, timeout: float = 5) -> int:
    """The status; 0 when no answer came."""
    try:
        return httpx.post(f"{probe.url}/charges/{key}", timeout=timeout).status_code
    except httpx.HTTPError:
        return 0


@pytest.mark.parametrize(
    ("does", "status", "done"),
    [
        ("silence", 0, 1),
        ("error", 500, 1),
        ("garbage", 502, 1),
        ("lost", 0, 0),
        ("refuse", 503, 0),
        ("limit", 429, 0),
        ("deny", 401, 0),
    ],
)
def test_a_fault_shows_itself_once_and_is_over(probe, key, does, status, done):
    probe.fault("POST /charges", does)
    assert (charge(probe, key), len(probe.movements(key))) == (status, done)
    assert (charge(probe, key), len(probe.movements(key))) == (200, done + 1)


def test_a_slow_answer_comes_after_the_caller_has_gone(probe, key):
    probe.fault("POST /charges", "slow", seconds=0.5)
    assert charge(probe, key, timeout=0.1) == 0
    assert len(probe.movements(key)) == 1


def test_a_fault_of_another_path_touches_nothing(probe, key):
    probe.fault("POST /refunds", "error")
    assert charge(probe, key) == 200
    assert len(probe.calls(f"POST /charges/{key}")) == 1


def test_an_unknown_fault_is_refused(probe):
    with pytest.raises(httpx.HTTPStatusError):
        probe.fault("POST /charges", "explode")


@pytest.mark.parametrize(("mode", "count"), [("once", 1), ("twice", 2), ("late", 1)])
def test_notices_reach_us_as_often_as_the_mode_says(probe, key, mode, count):
    probe.notices_are(mode, seconds=0.1)
    charge(probe, key)
    assert len(probe.notices_about(key, count=count)) == count


def test_a_dropped_notice_is_recorded_and_not_sent(probe, key):
    probe.notices_are("drop")
    charge(probe, key)
    assert [notice["mode"] for notice in probe.happened()["notices"] if str(key) in notice["body"]] == ["drop"]
    probe.notices_are("once")
    later = new_id()
    charge(probe, later)
    probe.notices_about(later, count=1)
    assert [notice for notice in probe.notices if str(key).encode() in notice[1]] == []
