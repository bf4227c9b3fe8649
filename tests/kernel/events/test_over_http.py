"""Events for a domain in another process: signed, in order, once, and none lost while it is away."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from celery import Celery
from django.conf import settings as django_settings
from django.test import override_settings

from kelmah.embedded.ports import free_port
from kelmah.events import over_http
from kelmah.events.dead_letters import dead_letters
from kelmah.events.inbox import hear
from kelmah.events.loop import Loop
from kelmah.events.relay import relay
from kelmah.ids import new_id
from kelmah.rpc.signing import sign
from kelmah.testing import servers
from kelmah.testing.api_process import api_process
from tests.probe import actions
from tests.probe.models import Effect, Inbox, Outbox, Trouble

pytestmark = pytest.mark.domain("probe", transaction=True)

PAST = "2000-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def listener_url(django_db_setup: None) -> Iterator[str]:
    """A process that serves the probe, on this run's database."""
    place = urlsplit(os.environ["KELMAH_TEST_ADMIN_URL"])
    bare = place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()
    environment = {"KELMAH_EXTRA_DOMAINS": "tests.probe", "LOCAL_DOMAINS": "probe", "DATABASE_URL": bare}
    with api_process(REDIS_URL=servers.test_redis_url(), DATABASE_ROLE_PASSWORD="test", **environment) as url:
        yield url


@pytest.fixture
def away(listener_url: str) -> Iterator[str]:
    """The probe's listeners are in the other process; only its outbox is here."""
    with override_settings(LOCAL_DOMAINS=("identity",), DOMAIN_URLS={"probe": listener_url}):
        yield listener_url


def post(url: str, document: Any, *, caller: str = "probe", path: str = "/internal/events") -> httpx.Response:
    body = json.dumps(document).encode()
    headers = sign(path=path, body=body, caller=caller, travelling={})
    return httpx.post(f"{url}{path}", content=body, headers={"Content-Type": "application/json", **headers})


def effects(line: str) -> list[int]:
    return list(Effect.objects.filter(line=line).order_by("id").values_list("number", flat=True))


def hear_all() -> None:
    while hear("probe"):
        pass


def test_they_arrive_in_order_and_leave_the_outbox(away: str) -> None:
    for number in range(25):
        actions.count("a", number)
        actions.count("b", number)
    assert relay("probe", targets=["probe"]) == {"probe": 50}
    assert not Outbox.objects.exists()
    hear_all()
    assert effects("a") == effects("b") == list(range(25))


def test_a_batch_larger_than_a_body_travels_in_pieces(away: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_http, "LARGEST_BATCH", 1000)
    for number in range(40):
        actions.count("a", number)
    assert relay("probe", targets=["probe"]) == {"probe": 40}
    hear_all()
    assert effects("a") == list(range(40))


def test_what_was_told_twice_is_heard_once(away: str) -> None:
    actions.count("a", 1)
    (row,) = Outbox.objects.values()
    relay("probe", targets=["probe"])
    Outbox.objects.create(**row)  # the answer got lost: it is told again
    assert relay("probe", targets=["probe"]) == {"probe": 1}
    hear_all()
    assert effects("a") == [1]


def test_a_listener_that_is_down_keeps_everything_waiting_in_order_and_no_attempt_counts() -> None:
    for number in range(5):
        actions.count("a", number)
    nowhere = f"http://127.0.0.1:{free_port()}"
    with override_settings(LOCAL_DOMAINS=("identity",), DOMAIN_URLS={"probe": nowhere}):
        for _ in range(django_settings.RPC_BREAKER_FAILURES + 2):
            assert relay("probe", targets=["probe"]) == {}
            Outbox.objects.update(available_at=PAST)
        assert over_http.is_down("probe")
    assert set(Outbox.objects.values_list("attempts", flat=True)) == {0}
    first_error = Outbox.objects.order_by("id").values_list("last_error", flat=True)[0]
    assert first_error.startswith("CircuitOpen")


def test_the_backlog_follows_in_order_when_the_listener_is_back(listener_url: str) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with override_settings(LOCAL_DOMAINS=("identity",), DOMAIN_URLS={"probe": nowhere}):
        for number in range(30):
            actions.count("a", number)
            if number % 10 == 0:
                relay("probe", targets=["probe"])
    with override_settings(LOCAL_DOMAINS=("identity",), DOMAIN_URLS={"probe": listener_url}):
        until = time.monotonic() + 10
        while Outbox.objects.exists() and time.monotonic() < until:
            relay("probe", targets=["probe"])
    hear_all()
    assert effects("a") == list(range(30))


def test_an_event_that_the_listener_does_not_know_waits_with_what_follows_it_in_its_key(away: str) -> None:
    for number in range(3):
        actions.count("a", number)
        actions.count("b", number)
    Outbox.objects.filter(key="a", payload__number=1).update(topic="probe.FromTheFuture")
    assert relay("probe", targets=["probe"]) == {"probe": 4}
    hear_all()
    assert (effects("a"), effects("b")) == ([0], [0, 1, 2])
    stuck, behind = Outbox.objects.order_by("id")
    assert (stuck.attempts, behind.attempts) == (1, 0)
    Outbox.objects.update(topic="probe.Counted", available_at=PAST)
    relay("probe", targets=["probe"])
    hear_all()
    assert effects("a") == [0, 1, 2]


def test_the_loop_forwards_to_whoever_is_elsewhere(away: str) -> None:
    actions.count("a", 1)
    with override_settings(DOMAINS={"identity", "probe"}):
        assert Loop(["probe"], Celery(broker="redis://127.0.0.1:1/0")).once() >= 1
    hear_all()
    assert effects("a") == [1]


def test_a_loop_that_is_not_told_where_a_listener_is_does_not_begin() -> None:
    with (
        override_settings(LOCAL_DOMAINS=("identity",), DOMAINS={"identity", "probe"}, DOMAIN_URLS={}),
        pytest.raises(LookupError, match="DOMAIN_URLS must say where"),
    ):
        Loop(["probe"], Celery())


def test_dead_letters_of_the_listener_are_seen_by_the_teller(away: str) -> None:
    Trouble.objects.create(line="a")
    actions.trouble("a", 1)
    relay("probe", targets=["probe"])
    for _ in range(django_settings.EVENT_MAX_ATTEMPTS):
        hear("probe")
        Inbox.objects.update(available_at=PAST)
    (here,) = dead_letters("probe")
    (there,) = over_http.dead_letters_at("probe", "probe")
    assert (there["event_id"], there["handler"], there["key"]) == (str(here.event_id), here.handler, "a")
    assert there["last_error"] == here.last_error
    assert there["attempts"] == django_settings.EVENT_MAX_ATTEMPTS


LETTER = {
    "event_id": str(new_id()),
    "topic": "probe.Counted",
    "event_version": 1,
    "key": "a",
    "payload": {"line": "a", "number": 1},
    "occurred_at": "2026-03-01T12:00:00Z",
    "trace": {},
}


def test_only_the_publisher_may_tell(listener_url: str) -> None:
    document = {"target": "probe", "source": "probe", "events": [LETTER]}
    refused = post(listener_url, document, caller="payments")
    assert (refused.status_code, refused.json()["code"]) == (403, "rpc_caller_refused")
    refused = post(listener_url, document | {"source": "payments"}, caller="payments")
    assert (refused.status_code, refused.json()["code"]) == (403, "rpc_caller_refused")
    unsigned = httpx.post(f"{listener_url}/internal/events", json=document)
    assert unsigned.status_code == 401
    assert not Inbox.objects.exists()
    assert post(listener_url, document).json() == {"taken": [LETTER["event_id"]], "unheard": []}
    assert Inbox.objects.count() == 1


def test_a_replayed_batch_is_refused(listener_url: str) -> None:
    body = json.dumps({"target": "probe", "source": "probe", "events": []}).encode()
    headers = sign(path="/internal/events", body=body, caller="probe", travelling={})
    first, again = (httpx.post(f"{listener_url}/internal/events", content=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 401)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"target": "payments"}, 404),
        ({"events": [{**LETTER, "event_id": "seven"}]}, 400),
        ({"events": [{**LETTER, "occurred_at": None}]}, 400),
        ({"events": None}, 400),
    ],
)
def test_a_batch_that_is_not_for_here_or_no_batch_changes_nothing(
    listener_url: str, change: dict[str, Any], status: int
) -> None:
    answer = post(listener_url, {"target": "probe", "source": "probe", "events": [LETTER]} | change)
    assert answer.status_code == status
    assert not Inbox.objects.exists()


def test_events_are_posted(listener_url: str) -> None:
    assert httpx.get(f"{listener_url}/internal/events").status_code == 405
