"""Dry runs, and where a request comes from."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory

from kelmah.http.address import address_block, client_address
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import ApiClient
from tests.kernel.http.probes import views
from tests.kernel.http.probes.models import Note


@pytest.fixture
def me(api: ApiClient, principal: Callable[..., Principal]) -> ApiClient:
    return api.as_(principal())


@pytest.mark.domain("probes", transaction=True)
def test_a_dry_run_answers_as_if_and_writes_nothing(me: ApiClient) -> None:
    answer = me.post("/notes?dry_run=true", {"text": "a"})
    assert (answer.status, answer.json["text"]) == (201, "a")
    assert answer.headers["Kelmah-Dry-Run"] == "true"
    assert Note.objects.count() == 0
    assert me.post("/notes?dry_run=false", {"text": "a"}).status == 201
    assert Note.objects.count() == 1


@pytest.mark.domain("probes", transaction=True)
def test_a_view_that_writes_outside_of_its_rehearsal_writes_nothing_either(me: ApiClient) -> None:
    views.AFTER_COMMIT["a"] = lambda: views.write_note("forgotten")
    try:
        assert me.post("/notes?dry_run=true", {"text": "a"}).status == 201
    finally:
        views.AFTER_COMMIT.clear()
    assert Note.objects.count() == 0


@pytest.mark.domain("probes", transaction=True)
def test_what_cannot_be_rehearsed_is_not_carried_out(me: ApiClient) -> None:
    answer = me.delete(f"/notes/{new_id()}?dry_run=true")
    assert (answer.status, answer.code) == (400, "dry_run_not_supported")
    assert Note.objects.count() == 0
    assert me.delete(f"/notes/{new_id()}").status == 204
    assert Note.objects.count() == 1


@pytest.mark.domain("probes")
@pytest.mark.parametrize("query", ["dry_run=1", "dry_run=", "dry_run=TRUE", "dry_run=false&dry_run=true"])
def test_dry_run_is_true_or_false(me: ApiClient, query: str) -> None:
    answer = me.post(f"/notes?{query}", {"text": "a"})
    assert answer.status == 400
    assert answer.json["errors"][0]["pointer"] == "/dry_run"
    assert Note.objects.count() == 0


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        (0, "", "10.0.0.9"),
        (0, "6.6.6.6", "10.0.0.9"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.8", "1.2.3.4"),
        (2, "1.2.3.4", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, "1.2.3.4, rubbish", "10.0.0.9"),
        (1, "::ffff:1.2.3.4", "1.2.3.4"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_what_our_own_proxies_saw_counts(settings: Any, trusted: int, forwarded: str, expected: str) -> None:
    settings.TRUSTED_PROXY_COUNT = trusted
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.9", headers={"X-Forwarded-For": forwarded})
    assert str(client_address(request)) == expected


def test_an_ipv6_customer_has_a_whole_64(settings: Any) -> None:
    def block(address: str) -> str:
        return address_block(client_address(RequestFactory().get("/", REMOTE_ADDR=address)))

    assert block("2001:db8:1:2:3::4") == block("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert block("2001:db8:1:3::1") != block("2001:db8:1:2::1")
    assert block("192.0.2.1") != block("192.0.2.2")
    assert block("") == "0.0.0.0"


def test_a_rehearsal_by_a_method_that_nobody_offers_is_refused_for_the_method(me: ApiClient) -> None:
    assert me.send("TRACE", "/notes?dry_run=true").status == 405


def test_a_malformed_key_is_refused_in_a_rehearsal_too(me: ApiClient) -> None:
    answer = me.post("/notes?dry_run=true", {"text": "a"}, idempotency_key="with a blank")
    assert (answer.status, answer.code) == (400, "idempotency_key_malformed")
