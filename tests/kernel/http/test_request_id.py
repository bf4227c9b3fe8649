"""Every request has a name; every answer has its armour."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from kelmah.http.request_id import current_request_id
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import ApiClient


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture], cache_logger_on_first_use=False)
    yield capture.entries
    structlog.configure(**before)


def test_a_harmless_id_of_the_client_is_kept(web: ApiClient) -> None:
    answer = web._client.get("/api/v1/open", headers={"X-Request-ID": "order-7.retry_2"})
    assert answer.headers["X-Request-ID"] == "order-7.retry_2"


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "has blank here", 'quote"quote', "line\\nline", "ünïcödé-id"])
def test_any_other_is_replaced(web: ApiClient, given: str) -> None:
    first, second = (web._client.get("/api/v1/open", headers={"X-Request-ID": given}) for _ in range(2))
    assert len(first.headers["X-Request-ID"]) == 36
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_outside_of_a_request_there_is_none(web: ApiClient) -> None:
    web.get("/open")
    assert current_request_id() == ""


def test_a_line_is_logged_with_the_route_and_without_what_people_sent(
    web: ApiClient, principal: Callable[..., Principal], lines: list[dict[str, Any]]
) -> None:
    me = principal()
    answer = web.as_(me).post("/echo?email=ama@example.com", {"text": "ama's secret"})
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["user_id"], line["domain"]) == (str(me.user_id), "probes")
    assert (line["method"], line["route"], line["status"]) == ("POST", "api/v1/echo", 200)
    assert "ama" not in str(line)


def test_what_staff_do_as_others_is_logged_with_both_names(
    web: ApiClient, sign: Callable[..., str], lines: list[dict[str, Any]]
) -> None:
    person, staff = str(new_id()), str(new_id())
    web.with_token(sign(sub=person, act={"sub": staff, "standing": 0})).post("/echo", {"text": "x"})
    web.get("/open")
    seen = [(line["user_id"], line["impersonated_by"]) for line in lines if line["event"] == "request"]
    assert seen == [(person, staff), (None, None)]


def test_the_next_request_of_a_thread_inherits_nothing(
    web: ApiClient, principal: Callable[..., Principal], lines: list[dict[str, Any]]
) -> None:
    web.as_(principal()).get("/whoami")
    web.get("/nowhere")
    assert [line["user_id"] is None for line in lines if line["event"] == "request"] == [False, True]


@pytest.mark.parametrize("path", ["/open", "/nowhere", "/failing/fault", "/whoami", "/failing/domain", "/health/live"])
def test_every_answer_has_its_armour(web: ApiClient, path: str) -> None:
    headers = web.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


def test_no_other_origin_is_let_in(web: ApiClient) -> None:
    for origin in ("https://evil.example", "null"):
        answer = web._client.get("/api/v1/open", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_trace_context_of_the_client_is_in_the_log(web: ApiClient, lines: list[dict[str, Any]]) -> None:
    web._client.get("/api/v1/open", headers={"traceparent": TRACE})
    assert [line["trace_id"] for line in lines if line["event"] == "request"] == ["4bf92f3577b34da6a3ce929d0e0e4736"]


@pytest.mark.parametrize(
    "given", ["", "ours", TRACE.upper(), TRACE + "0", TRACE.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32)]
)
def test_any_other_trace_context_is_ignored(web: ApiClient, lines: list[dict[str, Any]], given: str) -> None:
    web._client.get("/api/v1/open", headers={"traceparent": given})
    assert [line for line in lines if "trace_id" in line] == []
