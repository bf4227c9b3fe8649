"""What somebody who watches is told, by a real process."""

import os
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.test import Client

from kelmah.embedded.ports import free_port
from kelmah.rpc import RemoteFailure
from kelmah.testing import servers
from kelmah.testing.api_process import api_process
from tests.kernel.rpc.parcels.calls import parcels
from tests.probe import actions

pytestmark = pytest.mark.domain("probe", transaction=True)


def values(text: str, name: str) -> dict[str, float]:
    """By the labels, as they are written."""
    found = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


@pytest.fixture
def watched(django_db_setup: None) -> Iterator[str]:
    place = urlsplit(os.environ["KELMAH_TEST_ADMIN_URL"])
    bare = place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()
    environment = {"KELMAH_EXTRA_DOMAINS": "tests.probe", "LOCAL_DOMAINS": "probe", "DATABASE_URL": bare}
    with api_process(REDIS_URL=servers.test_redis_url(), DATABASE_ROLE_PASSWORD="test", **environment) as url:
        yield url


def test_how_far_behind_the_events_are(watched: str) -> None:
    for number in range(3):
        actions.count("a", number)
    answer = httpx.get(f"{watched}/internal/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    waiting = values(answer.text, "kelmah_events_waiting")
    assert waiting == {'domain="probe",queue="outbox"': 3, 'domain="probe",queue="inbox"': 0}
    assert values(answer.text, "kelmah_events_dead") == dict.fromkeys(waiting, 0)
    assert values(answer.text, "kelmah_events_oldest_seconds")['domain="probe",queue="outbox"'] > 0


@pytest.mark.domain("*")
def test_breakers_and_calls_of_this_process(settings: Any) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    settings.LOCAL_DOMAINS, settings.DOMAIN_URLS = ("senders",), {"parcels": nowhere}
    for _ in range(settings.RPC_BREAKER_FAILURES):
        with pytest.raises(RemoteFailure):
            parcels.bug()
    text = Client().get("/internal/metrics").content.decode()
    assert values(text, "kelmah_breaker_state")[f'pid="{os.getpid()}",target="{nowhere}"'] == 2
    counted = values(text, "kelmah_call_seconds_count")
    assert counted[f'caller="senders",method="parcels.bug",outcome="remote_unavailable",pid="{os.getpid()}"'] >= 1


def test_without_its_database_a_domain_is_left_out_and_the_page_stays() -> None:
    nowhere = f"postgresql://127.0.0.1:{free_port()}/nothing"
    environment = {"KELMAH_EXTRA_DOMAINS": "tests.probe", "LOCAL_DOMAINS": "probe", "DATABASE_URL": nowhere}
    with api_process(REDIS_URL=servers.test_redis_url(), **environment) as url:
        answer = httpx.get(f"{url}/internal/metrics", timeout=20)
        assert answer.status_code == 200
        assert values(answer.text, "kelmah_events_waiting") == {}


def test_it_is_only_looked_at() -> None:
    assert Client().post("/internal/metrics").status_code == 405
