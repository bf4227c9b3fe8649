"""Every refusal is a problem, whoever refuses, and tells nothing internal."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, RequestFactory

from kelmah.http.errors import BodyTooLarge
from kelmah.http.parsers import JSONParser
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import Answer, ApiClient
from tests.kernel.http.expectations import assert_problem


@pytest.fixture
def me(web: ApiClient, principal: Callable[..., Principal]) -> ApiClient:
    return web.as_(principal())


def test_a_domain_error_says_everything_it_knows(web: ApiClient) -> None:
    answer = web.get("/failing/domain")
    assert_problem(answer, 409, "hurdle")
    assert answer.json["title"] == "A hurdle"
    assert answer.json["detail"] == "Jump."
    assert answer.json["errors"] == [{"pointer": "/legs", "code": "too_few", "detail": "Two, please."}]
    assert answer.json["data"] == {"height": 3}


def test_empty_members_are_left_out(web: ApiClient) -> None:
    body = web.get("/failing/bare").json
    assert set(body) == {"type", "title", "status", "detail", "code", "request_id"}


def test_retry_after_becomes_a_header(web: ApiClient) -> None:
    assert web.get("/failing/later").headers["Retry-After"] == "7"


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/failing/fault", "/plain/fault"])
def test_a_fault_of_ours_tells_nothing(web: ApiClient, settings: Any, path: str, debug: bool) -> None:
    settings.DEBUG = debug
    answer = web.get(path)
    assert_problem(answer, 500, "internal_error")
    assert "secret" not in answer.raw.content.decode()
    assert "Traceback" not in answer.raw.content.decode()


@pytest.mark.parametrize("debug", [False, True])
def test_unknown_addresses(web: ApiClient, settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    for path in ("/api/v1/nowhere", "/api/nowhere", "/internal/nowhere", "/health/nowhere"):
        answer = web.get(path)
        assert_problem(answer, 404, "not_found")
        assert "urlconf" not in answer.raw.content.decode().lower()


@pytest.mark.parametrize("debug", [False, True])
def test_a_foreign_host(web: ApiClient, settings: Any, debug: bool) -> None:
    settings.ALLOWED_HOSTS, settings.DEBUG = ["kelmah.example"], debug
    response = web._client.get("/api/v1/open", headers={"Host": "evil.example"})
    assert_problem(Answer(response), 400, "bad_request")
    assert "evil" not in response.content.decode()


def test_an_unreachable_database_is_503_with_retry_after(web: ApiClient) -> None:
    answer = web.get("/failing/database")
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert "10.1.2.3" not in answer.raw.content.decode()


def test_a_method_nobody_declared(me: ApiClient) -> None:
    answer = me.put("/whoami", {})
    assert_problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]
    assert Client().trace("/api/v1/open").status_code == 405


def test_a_method_in_a_header_or_field_is_ignored(me: ApiClient) -> None:
    answer = me.post("/whoami", {"_method": "GET"}, headers={"X-HTTP-Method-Override": "GET"})
    assert answer.status == 405


def test_a_media_type_nobody_serves_or_reads(me: ApiClient) -> None:
    accept = Answer(me._client.get("/api/v1/open", headers={"Accept": "application/xml"}))
    assert_problem(accept, 406, "not_acceptable")
    xml = Answer(me._client.post("/api/v1/echo", "<a/>", content_type="text/xml", headers=me._headers()))
    assert_problem(xml, 415, "unsupported_media_type")


def test_a_plain_view_refuses_in_the_same_words(web: ApiClient) -> None:
    assert_problem(web.get("/plain/domain"), 409, "hurdle")


def test_an_error_that_is_json_already_is_left_alone(web: ApiClient) -> None:
    assert web.get("/plain/wire").json == {"code": "own"}


def test_pages_for_people_stay_html(web: ApiClient) -> None:
    assert web._client.get("/admin/page").content == b"<p>for people</p>"
    missing = web._client.get("/admin/nowhere")
    assert missing.status_code == 404
    assert missing.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/api/v1/plain/%00", "/api/v1/open?q=%00"])
def test_null_characters_in_an_address(web: ApiClient, path: str) -> None:
    assert_problem(Answer(web._client.get(path)), 400, "bad_request")


# --- bodies -------------------------------------------------------------------------------------------------------


def send(me: ApiClient, content: bytes) -> Answer:
    headers = me._headers()
    return Answer(me._client.generic("POST", "/api/v1/echo", content, "application/json", headers=headers))


@pytest.mark.parametrize(
    "content",
    [b"{", b'{"text": NaN}', b'{"text": "\xff"}', rb'{"text": "\ud800"}', b"{'text': 1}", b'{"text": "a"} x', b"nul"],
)
def test_what_is_not_json(me: ApiClient, content: bytes) -> None:
    assert_problem(send(me, content), 400, "body_malformed")


@pytest.mark.parametrize("content", [b"[]", b"3", b'"text"', b"null", b"true"])
def test_json_that_is_no_object(me: ApiClient, content: bytes) -> None:
    assert_problem(send(me, content), 400, "body_not_an_object")


def test_a_body_of_more_than_64_levels(me: ApiClient) -> None:
    def nested(levels: int) -> bytes:
        return b'{"text":' * levels + b"1" + b"}" * levels

    assert send(me, nested(64)).code == "invalid_input"
    for levels in (65, 900, 100_000):
        assert_problem(send(me, nested(levels)), 400, "body_too_deep")


def test_a_body_of_more_than_a_megabyte_is_not_even_read(me: ApiClient) -> None:
    fits = b'{"text":"' + b"a" * (1_048_576 - 11) + b'"}'
    assert send(me, fits).code == "invalid_input"
    assert_problem(send(me, fits + b" "), 413, "body_too_large")


def test_a_declared_length_is_believed_before_anything_is_read() -> None:
    class Unread:
        def read(self, size: int) -> bytes:
            raise AssertionError("the body was read")

    request = RequestFactory().post("/", CONTENT_LENGTH=1_048_577)
    with pytest.raises(BodyTooLarge):
        JSONParser().parse(Unread(), parser_context={"request": request})  # type: ignore[arg-type]


def test_a_plain_view_reads_no_more_either(web: ApiClient) -> None:
    response = web._client.generic("POST", "/api/v1/plain/body", b"a" * 1_048_577, "application/octet-stream")
    assert_problem(Answer(response), 413, "body_too_large")


# --- versions -----------------------------------------------------------------------------------------------------


def test_a_change_names_the_version_it_is_based_on(me: ApiClient) -> None:
    path = f"/notes/{new_id()}"
    assert_problem(me.patch(path, {"text": "a"}), 428, "precondition_required")
    answer = me.patch(path, {"text": "a"}, if_match=7)
    assert answer.json == {"expected": 7}
    assert answer.etag == '"8"'


@pytest.mark.parametrize("tag", ["7", 'W/"7"', "*", '"7", "8"', '"07"', '"-1"', '"x"', '""', '"9999999999"'])
def test_anything_but_one_strong_tag_of_ours(me: ApiClient, tag: str) -> None:
    assert_problem(me.patch(f"/notes/{new_id()}", {"text": "a"}, if_match=tag), 400, "if_match_malformed")


# --- what a type leads to -----------------------------------------------------------------------------------------


def test_the_type_of_a_problem_can_be_looked_up(web: ApiClient) -> None:
    page = web._client.get(json.loads(web.get("/failing/domain").raw.content)["type"])
    assert page.status_code == 200
    assert "There is a hurdle in the way: jump." in page.content.decode()
    assert web._client.get("/problems/no_such_code").status_code == 404


def test_a_body_in_chunks_is_not_taken_for_an_empty_one(web: ApiClient) -> None:
    answer = web._client.generic("POST", "/api/v1/login", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
