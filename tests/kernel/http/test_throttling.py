"""Limits hold in parallel, per caller and class; without the store guessing stops and reading goes on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kelmah import clock
from kelmah.http.throttling import limit_of
from kelmah.principal import Principal
from kelmah.testing.client import Answer, ApiClient

LIMITS = {"auth": "3/m", "write": "2/m", "read": "4/m", "search": "1/h", "upload": "1/d"}


@pytest.fixture(autouse=True)
def limits(settings: Any) -> None:
    settings.RATE_LIMITS = LIMITS


@pytest.fixture
def me(web: ApiClient, principal: Callable[..., Principal]) -> ApiClient:
    return web.as_(principal())


def statuses(send: Callable[[], Answer], count: int) -> list[int]:
    return [send().status for _ in range(count)]


def test_a_bucket_is_emptied_and_refills_evenly(me: ApiClient) -> None:
    send = lambda: me.post("/echo", {"text": "a"})  # noqa: E731
    assert statuses(send, 3) == [200, 200, 429]
    clock.advance(seconds=31)
    assert statuses(send, 2) == [200, 429]
    clock.advance(minutes=5)
    assert statuses(send, 3) == [200, 200, 429]


def test_the_answer_tells_what_is_left(me: ApiClient) -> None:
    first = me.post("/echo", {"text": "a"})
    assert first.headers["RateLimit-Policy"] == '"write";q=2;w=60'
    assert first.headers["RateLimit"] == '"write";r=1;t=30'
    me.post("/echo", {"text": "a"})
    refused = me.post("/echo", {"text": "a"})
    assert refused.code == "too_many_requests"
    assert refused.headers["RateLimit"] == '"write";r=0;t=60'
    assert refused.headers["Retry-After"] == "30"
    clock.advance(seconds=int(refused.headers["Retry-After"]))
    assert me.post("/echo", {"text": "a"}).status == 200


def test_classes_and_callers_do_not_share(web: ApiClient, me: ApiClient, principal: Callable[..., Principal]) -> None:
    assert statuses(lambda: me.post("/echo", {"text": "a"}), 3)[-1] == 429
    assert me.get("/whoami").status == 200
    assert web.as_(principal()).post("/echo", {"text": "a"}).status == 200


def test_nobody_is_counted_by_address_whatever_they_forward(web: ApiClient) -> None:
    def send(number: int) -> int:
        headers = {"X-Forwarded-For": f"1.2.3.{number}"}
        return int(web._client.post("/api/v1/login", {}, content_type="application/json", headers=headers).status_code)

    assert [send(number) for number in range(4)] == [200, 200, 200, 429]
    elsewhere = web._client.post("/api/v1/login", {}, content_type="application/json", REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 200


def test_guessing_tokens_and_probing_for_rights_are_counted(web: ApiClient, me: ApiClient) -> None:
    assert statuses(lambda: web.with_token("rubbish").get("/whoami"), 5) == [401] * 4 + [429]
    assert statuses(lambda: me.get("/hirers"), 5) == [403] * 4 + [429]


def test_refused_and_invalid_requests_are_counted(me: ApiClient) -> None:
    assert statuses(lambda: me.post("/echo", {}), 3) == [400, 400, 429]


def test_many_at_once_never_get_more_than_the_limit(
    web: ApiClient, settings: Any, principal: Callable[..., Principal]
) -> None:
    settings.RATE_LIMITS = LIMITS | {"read": "20/h"}
    me = web.as_(principal())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: me.get("/whoami").status, range(60)))
    assert sorted(set(found)) == [200, 429]
    assert found.count(200) == 20


def test_a_clock_that_went_back_does_not_lock_anybody_out(me: ApiClient) -> None:
    clock.advance(minutes=9)
    me.post("/echo", {"text": "a"})
    clock.reset()
    assert me.post("/echo", {"text": "a"}).status == 200
    assert me.post("/echo", {"text": "a"}).status == 429
    clock.advance(seconds=31)
    assert me.post("/echo", {"text": "a"}).status == 200


def test_without_the_store_reading_goes_on_and_logging_in_stops(
    web: ApiClient, me: ApiClient, store_down: None
) -> None:
    answer = me.get("/whoami")
    assert answer.status == 200
    assert "RateLimit" not in answer.headers
    refused = web.post("/login", {})
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "unavailable", "5")


def test_the_store_is_used_again_when_it_is_back(me: ApiClient, settings: Any) -> None:
    there = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "RateLimit" not in me.get("/whoami").headers
    settings.REDIS_URL = there
    assert "RateLimit" in me.get("/whoami").headers


@pytest.mark.parametrize("rate", ["", "20", "20/", "20/y", "0/m", "-1/m", "many/m"])
def test_a_rate_that_is_none_is_named(settings: Any, rate: str) -> None:
    settings.RATE_LIMITS = {"read": rate}
    with pytest.raises(ValueError, match=r"RATE_LIMITS\['read'\].*for example"):
        limit_of("read")
