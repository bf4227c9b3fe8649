import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections

from kelmah.http import health
from kelmah.testing.client import ApiClient

pytestmark = pytest.mark.domain("probes", transaction=True)


@pytest.fixture
def silent_server() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_alive_asks_nobody(api: ApiClient, store_down: None) -> None:
    answer = api.get("/health/live")
    assert (answer.status, answer.json) == (200, {"status": "alive"})


def test_ready_when_every_local_database_answers(api: ApiClient) -> None:
    answer = api.get("/health/ready")
    assert answer.status == 200
    databases = dict.fromkeys(settings.LOCAL_DOMAINS, "ok")
    assert answer.json == {"status": "ready", "databases": databases, "redis": "ok"}


def test_without_redis_still_ready_and_says_so(api: ApiClient, store_down: None) -> None:
    answer = api.get("/health/ready")
    assert (answer.status, answer.json["redis"]) == (200, "degraded")


def test_a_silent_database_is_found_out_in_time_and_only_once(
    api: ApiClient, silent_server: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections["probes"].settings_dict, "PORT", str(silent_server))
    expected = dict.fromkeys(settings.LOCAL_DOMAINS, "ok") | {"probes": "down"}
    for _ in range(5):
        started = time.monotonic()
        answer = api.get("/health/ready")
        assert (answer.status, answer.json["databases"]) == (503, expected)
        assert time.monotonic() - started < 1.0
    # The threads of the earlier questions still wait; the later ones joined them.
    assert health._threads._work_queue.qsize() == 0
    health._asking["probes"].result(timeout=10)


def test_a_database_that_refuses(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections["probes"].settings_dict, "PORT", "1")
    assert api.get("/health/ready").status == 503


def test_nothing_internal_is_told(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections["probes"].settings_dict, "PORT", "1")
    text = api.get("/health/ready").raw.content.decode()
    assert "127.0.0.1" not in text
    assert "refused" not in text
