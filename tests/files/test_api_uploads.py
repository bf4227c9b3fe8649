"""Announcing, sending and completing over HTTP, by honest people and by those who lie."""

import hashlib
import io

import pytest
from django.test import Client

from domains.files import actions, rules
from domains.files.actions.links import make_link
from domains.files.models import File
from kelmah.ids import new_id
from kelmah.testing.client import access_token
from tests.files.factories import (
    PNG,
    SAMPLES,
    AnnouncementFactory,
    announced_file,
    complete,
    failed_file,
    fetch,
    file_rows,
    png_that_claims,
    ready_file,
    send,
    stored_keys,
    upload_link,
    uploaded_file,
)

pytestmark = pytest.mark.domain("files")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"name": ""}, "/name", "blank"),
        ({"name": "   "}, "/name", "blank"),
        ({"name": "a" * 201}, "/name", "max_length"),
        ({"name": 7}, "/name", "invalid"),
        ({"name": None}, "/name", "null"),
        ({"name": "a\x00.png"}, "/name", "null_characters_not_allowed"),
        ({"name": "../../etc/passwd"}, "/name", "not_plain"),
        ({"name": "..\\boot.ini"}, "/name", "not_plain"),
        ({"name": "a\r\nX-Evil: 1.png"}, "/name", "not_plain"),
        ({"name": "a\u202egnp.exe"}, "/name", "not_plain"),
        ({"name": ".."}, "/name", "not_plain"),
        ({"content_type": "text/html"}, "/content_type", "not_allowed"),
        ({"content_type": "image/svg+xml"}, "/content_type", "not_allowed"),
        ({"content_type": "image/png; charset=x"}, "/content_type", "not_allowed"),
        ({"content_type": "IMAGE/PNG"}, "/content_type", "not_allowed"),
        ({"content_type": "video/mp4"}, "/content_type", "not_allowed"),
        ({"content_type": ["image/png"]}, "/content_type", "invalid"),
        ({"size": 0}, "/size", "min_value"),
        ({"size": -1}, "/size", "min_value"),
        ({"size": 25_000_001}, "/size", "too_big"),
        ({"size": 26_000_000}, "/size", "too_big"),
        ({"size": 10**18}, "/size", "too_big"),
        ({"size": "100"}, "/size", "invalid"),
        ({"size": 1.5}, "/size", "invalid"),
        ({"size": True}, "/size", "invalid"),
        ({"kind": "program"}, "/kind", "invalid_choice"),
        ({"kind": {"photo": 1}}, "/kind", "invalid_choice"),
        ({"kind": None}, "/kind", "null"),
        ({"owner_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03"}, "/owner_id", "unknown_field"),
        ({"state": "ready"}, "/state", "unknown_field"),
    ],
)
def test_a_bad_announcement_is_refused_field_by_field(api, kofi, change, pointer, code):
    answer = api.as_(kofi).post("/files/uploads", AnnouncementFactory(**change))
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [(pointer, code)]
    assert file_rows() == []


@pytest.mark.parametrize("field", ["name", "content_type", "size", "kind"])
def test_every_field_of_an_announcement_is_needed(api, kofi, field):
    body = AnnouncementFactory()
    del body[field]
    answer = api.as_(kofi).post("/files/uploads", body)
    assert [(error["pointer"], error["code"]) for error in answer.json["errors"]] == [(f"/{field}", "required")]


def test_nobody_announces_and_no_rehearsal_is_offered(api, kofi):
    assert api.anonymous.post("/files/uploads", AnnouncementFactory()).status == 401
    rehearsed = api.as_(kofi).post("/files/uploads?dry_run=true", AnnouncementFactory())
    assert (rehearsed.status, rehearsed.code) == (400, "dry_run_not_supported")
    assert file_rows() == []


def test_a_repeated_announcement_is_one_file(api, kofi):
    body, key = AnnouncementFactory(), new_id()
    first, again = (api.as_(kofi).post("/files/uploads", body, idempotency_key=key) for _ in range(2))
    assert (again.status, again.json) == (201, first.json)
    assert File.objects.count() == 1


@pytest.mark.parametrize("content", [PNG + b"!", PNG[:-1], b""], ids=["bigger", "smaller", "empty"])
def test_another_size_than_announced_is_refused(api, kofi, content):
    file = announced_file(by=kofi)
    answer = send(upload_link(file), content)
    assert (answer.status, answer.code) == (422, "size_not_as_announced")
    assert (File.objects.get(id=file.id).state, stored_keys()) == ("pending", set())


def test_twenty_six_megabytes_are_refused_however_small_they_were_announced(kofi):
    file = announced_file(by=kofi)
    answer = send(upload_link(file), bytes(26_000_000))
    assert (answer.status, answer.json["data"]) == (422, {"announced": len(PNG), "sent": 26_000_000})
    assert stored_keys() == set()


def test_what_json_may_not_have_a_file_may(kofi):
    content = b"a" * 3_000_000
    file = announced_file(by=kofi, content=content, content_type="text/plain", name="long.txt")
    assert send(upload_link(file), content, "text/plain").status == 204


@pytest.mark.parametrize("content_type", ["image/png", "application/json", "multipart/form-data; boundary=x", ""])
def test_the_bytes_are_taken_whatever_the_header_calls_them(kofi, content_type):
    file = announced_file(by=kofi)
    assert send(upload_link(file), PNG, content_type).status == 204
    assert File.objects.get(id=file.id).sha256 == hashlib.sha256(PNG).hexdigest()


def test_accept_and_a_foreign_token_do_not_stand_in_the_way(kofi):
    headers = {"Accept": "image/png", "Authorization": "Bearer no.good.token"}
    assert send(upload_link(announced_file(by=kofi)), PNG, headers=headers).status == 204
    file = ready_file(by=kofi)
    link, _ = make_link(purpose="download", file_id=file.id, lifetime=rules.DOWNLOAD_LINK)
    assert fetch(f"/api/v1/files/content/{link}", **headers).status == 200
    mine = {"Accept": "image/png", "Authorization": f"Bearer {access_token(kofi)}"}
    assert fetch(f"/api/v1/files/{file.id}/download", **mine).status == 302
    assert fetch(f"/api/v1/files/{file.id}", **mine).status == 406


def test_what_was_judged_or_given_up_takes_no_bytes(api, kofi, clock):
    abandoned = announced_file(by=kofi)
    clock.advance(hours=25)
    actions.sweep_uploads()
    for file in (ready_file(by=kofi), failed_file(by=kofi), abandoned):
        before = stored_keys()
        answer = send(upload_link(file), PNG)
        assert (answer.status, answer.code) == (409, "invalid_transition")
        assert stored_keys() == before


@pytest.mark.in_process
def test_a_chunked_body_is_read_from_the_server_itself(kofi):
    """Django takes a request without Content-Length for an empty one."""
    file = announced_file(by=kofi)
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(PNG)}
    assert Client().put(upload_link(file), b"", CONTENT_LENGTH="", **chunked).status_code == 204
    assert File.objects.get(id=file.id).state == "uploaded"


@pytest.mark.parametrize("said", SAMPLES)
def test_a_lie_about_any_type_is_found_and_told_again(api, kofi, said):
    kind = "portfolio" if said == "video/mp4" else "chat"
    lie = b"<html><script>alert(1)</script></html>" if said != "text/plain" else PNG
    file = uploaded_file(by=kofi, content=lie, content_type=said, kind=kind, name="liar")
    for _ in range(2):
        answer = complete(api, kofi, file)
        assert (answer.status, answer.code) == (422, "content_not_as_declared")
    seen = api.as_(kofi).get(f"/files/{file.id}").json
    assert (seen["state"], seen["failure"], seen["available_transitions"]) == ("failed", "content_not_as_declared", [])
    assert api.as_(kofi).get(f"/files/{file.id}/download").status == 404


@pytest.mark.parametrize(
    "content",
    [
        png_that_claims(30_000, 30_000),
        b"<html><body><script>alert(1)</script></body></html>",
        b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
        SAMPLES["image/jpeg"],
    ],
    ids=["bomb", "html", "html behind a signature", "jpeg"],
)
def test_what_is_named_png_must_decode_as_one(api, kofi, content):
    file = uploaded_file(by=kofi, content=content, name="picture.png")
    assert complete(api, kofi, file).code == "content_not_as_declared"


def test_a_picture_with_html_in_it_is_never_a_page(api, kofi):
    """Bytes can be a picture and a page at once; what they are to a browser is decided by the headers."""
    polyglot = PNG + b"<html><script>alert(document.domain)</script></html>"
    file = ready_file(by=kofi, content=polyglot, name="page.html")
    got = fetch(api.as_(kofi).get(f"/files/{file.id}/download").headers["Location"], Accept="text/html,*/*")
    assert got.headers["Content-Type"] == "image/png"
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]


def test_a_rehearsed_completion_looks_and_changes_nothing(api, kofi):
    file, lie = uploaded_file(by=kofi), uploaded_file(by=kofi, content=b"x" * 60)
    before = file_rows()
    assert complete(api, kofi, file, query="?dry_run=true").json["state"] == "ready"
    assert complete(api, kofi, lie, query="?dry_run=true").code == "content_not_as_declared"
    assert file_rows() == before
    assert complete(api, kofi, file).json["version"] == 3


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"sha256": "abc"}, "/sha256"), ({"sha256": "A" * 64}, "/sha256"), ({"sha256": None}, "/sha256"),
     ({"sha256": 7}, "/sha256"), ({"sha256": "0" * 65}, "/sha256"), ({"state": "ready"}, "/state")],
)  # fmt: skip
def test_a_bad_completion_is_refused_field_by_field(api, kofi, body, pointer):
    file = uploaded_file(by=kofi)
    answer = complete(api, kofi, file, body)
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (400, [pointer])
    assert File.objects.get(id=file.id).state == "uploaded"


def test_other_bytes_than_meant_and_no_bytes_are_told_apart(api, kofi):
    file, empty = uploaded_file(by=kofi), announced_file(by=kofi)
    wrong = complete(api, kofi, file, {"sha256": "0" * 64})
    assert (wrong.status, wrong.code) == (422, "checksum_mismatch")
    assert wrong.json["data"] == {"received": hashlib.sha256(PNG).hexdigest()}
    none = complete(api, kofi, empty)
    assert (none.status, none.code) == (409, "not_uploaded_yet")
