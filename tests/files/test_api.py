"""Files over HTTP: the owner, a reader, a stranger, nobody, and people who lie."""

import hashlib
import io
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from django.db import connections
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.files import actions, rules
from domains.files.api.links import make_link, read_link
from domains.files.models import File
from kelmah.ids import new_id
from kelmah.testing.client import access_token
from tests.files.factories import (
    PNG,
    SAMPLES,
    AnnouncementFactory,
    announced_file,
    bytes_of,
    failed_file,
    fetch,
    png_that_claims,
    ready_file,
    send,
    stored_keys,
    uploaded_file,
)

pytestmark = pytest.mark.domain("files")


def share(file, *readers):
    ids = [reader.user_id for reader in readers]
    actions.share_files(ids=[file.id], owner_id=file.owner_id, reader_ids=ids, context="conversation:1")


def upload_link(file) -> str:
    token, _ = make_link(purpose="upload", file_id=file.id, lifetime=rules.UPLOAD_LINK)
    return f"/api/v1/files/uploads/{file.id}/content?token={token}"


def rows() -> list:
    return list(File.objects.order_by("id").values())


# The whole way


@pytest.mark.parametrize("content_type", SAMPLES)
def test_a_file_of_every_type_travels_from_its_owner_to_a_reader(api, kofi, ama, content_type):
    content, kind = SAMPLES[content_type], "portfolio" if content_type == "video/mp4" else "chat"
    body = AnnouncementFactory(content_type=content_type, size=len(content), kind=kind, name="a name.bin")
    announced = api.as_(kofi).post("/files/uploads", body)
    assert (announced.status, announced.json["state"], announced.json["available_transitions"]) == (
        201, "pending", ["receive"],
    )  # fmt: skip
    target, file_id = announced.json["upload"], announced.json["file_id"]
    assert (target["method"], target["headers"]) == ("PUT", {"Content-Type": content_type})
    assert send(target["url"], content, content_type).status == 204
    digest = hashlib.sha256(content).hexdigest()
    done = api.as_(kofi).post(f"/files/uploads/{file_id}/complete", {"sha256": digest})
    assert (done.status, done.json["state"], done.json["sha256"], done.etag) == (200, "ready", digest, '"3"')
    share(File.objects.get(id=file_id), ama)
    seen = api.as_(ama).get(f"/files/{file_id}")
    assert (seen.status, seen.json["name"], seen.json["available_transitions"]) == (200, "a name.bin", [])
    link = api.as_(ama).get(f"/files/{file_id}/download")
    assert link.status == 302
    got = fetch(link.headers["Location"])
    assert (got.status, bytes_of(got)) == (200, content)
    assert got.headers["Content-Type"] == content_type
    assert got.headers["Content-Disposition"] == 'attachment; filename="a name.bin"'
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in got.headers["Content-Security-Policy"]
    assert got.headers["Content-Length"] == str(len(content))


def test_the_steps_of_a_file_are_told_to_its_owner(api, kofi):
    file = uploaded_file(by=kofi)
    seen = api.as_(kofi).get(f"/files/{file.id}")
    assert (seen.json["state"], seen.json["available_transitions"]) == ("uploaded", ["complete", "receive"])
    assert (seen.json["version"], seen.etag) == (2, '"2"')


# Announcing


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
    assert rows() == []


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
    assert rows() == []


def test_a_repeated_announcement_is_one_file(api, kofi):
    body, key = AnnouncementFactory(), new_id()
    first, again = (api.as_(kofi).post("/files/uploads", body, idempotency_key=key) for _ in range(2))
    assert (again.status, again.json) == (201, first.json)
    assert File.objects.count() == 1


# Sending


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


# Links


def paths(file, token: str) -> dict[str, str]:
    return {
        "upload": f"/api/v1/files/uploads/{file.id}/content?token={token}",
        "download": f"/api/v1/files/content/{token}",
    }


def use(purpose: str, file, token: str):
    path = paths(file, token)[purpose]
    return send(path, PNG) if purpose == "upload" else fetch(path)


LINKS = {"upload": (announced_file, rules.UPLOAD_LINK, 204), "download": (ready_file, rules.DOWNLOAD_LINK, 200)}


@pytest.mark.parametrize("purpose", LINKS)
def test_a_link_is_good_until_its_end_and_not_a_second_longer(kofi, clock, purpose):
    make, lifetime, status = LINKS[purpose]
    file = make(by=kofi)
    token, expires_at = make_link(purpose=purpose, file_id=file.id, lifetime=lifetime)
    assert lifetime.total_seconds() - 1 <= (expires_at - clock.now()).total_seconds() <= lifetime.total_seconds()
    clock.advance(seconds=lifetime.total_seconds() - 1.5)
    assert use(purpose, file, token).status == status
    clock.advance(seconds=2)
    late = use(purpose, file, token)
    assert (late.status, late.code) == (403, "link_invalid")


@pytest.mark.parametrize("purpose", LINKS)
def test_a_link_for_one_purpose_is_none_for_the_other(kofi, purpose):
    make, lifetime, _ = LINKS[purpose]
    file = make(by=kofi)
    other = next(each for each in LINKS if each != purpose)
    token, _ = make_link(purpose=other, file_id=file.id, lifetime=lifetime)
    assert use(purpose, file, token).code == "link_invalid"


def test_the_link_of_one_upload_opens_no_other(kofi, ama):
    mine, theirs = announced_file(by=kofi), announced_file(by=ama)
    token, _ = make_link(purpose="upload", file_id=mine.id, lifetime=rules.UPLOAD_LINK)
    answer = send(paths(theirs, token)["upload"], PNG)
    assert (answer.status, answer.code) == (403, "link_invalid")
    assert stored_keys() == set()


def test_a_link_needs_a_token(kofi):
    file = announced_file(by=kofi)
    assert send(f"/api/v1/files/uploads/{file.id}/content", PNG).code == "link_invalid"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_tampered_link_is_refused(data):
    token, _ = make_link(purpose="download", file_id=new_id(), lifetime=rules.DOWNLOAD_LINK)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    forged = token[:place] + letter + token[place + 1 :]
    # The last letter of base64 carries unused bits: what decodes to the same signature is the same link.
    if forged != token and place not in (len(token) - 1, token.index(":") - 1):
        with pytest.raises(rules.LinkInvalid):
            read_link(forged, purpose="download")


@given(st.text(max_size=80))
def test_nonsense_is_no_link(text):
    with pytest.raises(rules.LinkInvalid):
        read_link(text, purpose="upload")


def test_a_link_to_what_is_gone_is_404(kofi, clock):
    file = ready_file(by=kofi)
    token, _ = make_link(purpose="download", file_id=file.id, lifetime=rules.DOWNLOAD_LINK)
    default_storage.delete(file.storage_key)
    assert use("download", file, token).code == "not_found"
    unready = uploaded_file(by=kofi)
    token, _ = make_link(purpose="download", file_id=unready.id, lifetime=rules.DOWNLOAD_LINK)
    assert use("download", unready, token).code == "not_found"
    token, _ = make_link(purpose="upload", file_id=(nowhere := new_id()), lifetime=rules.UPLOAD_LINK)
    assert send(f"/api/v1/files/uploads/{nowhere}/content?token={token}", PNG).code == "not_found"


# Completing


def complete(api, by, file, body=None, query=""):
    return api.as_(by).post(f"/files/uploads/{file.id}/complete{query}", body if body is not None else {})


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
    before = rows()
    assert complete(api, kofi, file, query="?dry_run=true").json["state"] == "ready"
    assert complete(api, kofi, lie, query="?dry_run=true").code == "content_not_as_declared"
    assert rows() == before
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


# Who may


@pytest.mark.parametrize("make", [announced_file, uploaded_file, ready_file, failed_file])
def test_the_file_of_somebody_else_is_not_there(api, kofi, ama, make):
    file = make(by=kofi)
    before = rows()
    for answer in (
        api.as_(ama).get(f"/files/{file.id}"),
        api.as_(ama).get(f"/files/{file.id}/download"),
        complete(api, ama, file),
    ):
        assert (answer.status, answer.code) == (404, "not_found")
    assert api.as_(ama).get("/files").json["items"] == []
    assert rows() == before


def test_nobody_sees_anything(api, kofi):
    file = ready_file(by=kofi)
    for path in ("/files", f"/files/{file.id}", f"/files/{file.id}/download"):
        assert api.anonymous.get(path).status == 401
    assert api.anonymous.post(f"/files/uploads/{file.id}/complete", {}).status == 401


def test_a_reader_reads_and_does_nothing_else(api, kofi, ama):
    file = ready_file(by=kofi)
    share(file, ama)
    assert api.as_(ama).get(f"/files/{file.id}").status == 200
    assert complete(api, ama, file).status == 404
    assert api.as_(ama).get("/files").json["items"] == []


def test_what_is_not_ready_has_no_download(api, kofi):
    for file in (announced_file(by=kofi), uploaded_file(by=kofi), failed_file(by=kofi)):
        assert api.as_(kofi).get(f"/files/{file.id}/download").status == 404


def test_what_was_given_up_is_gone(api, kofi, clock):
    file = uploaded_file(by=kofi)
    clock.advance(hours=25)
    actions.sweep_uploads()
    assert api.as_(kofi).get(f"/files/{file.id}").status == 404
    assert complete(api, kofi, file).status == 404
    assert api.as_(kofi).get("/files").json["items"] == []


def test_unknown_files_are_404(api, kofi):
    for path in ("/files/not-a-uuid", f"/files/{new_id()}", f"/files/{new_id()}/download"):
        assert api.as_(kofi).get(path).status == 404


# Names and lists


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("sket\"ch'.png", 'attachment; filename="sket\\"ch\'.png"'),
        ("Ɔdɔ.png", "attachment; filename*=utf-8''%C6%86d%C9%94.png"),
        ("a; filename=evil.exe", 'attachment; filename="a; filename=evil.exe"'),
    ],
)
def test_a_name_arrives_as_it_was_given(api, kofi, name, disposition):
    file = ready_file(by=kofi, name=name)
    got = fetch(api.as_(kofi).get(f"/files/{file.id}/download").headers["Location"])
    assert got.headers["Content-Disposition"] == disposition


def test_my_files_come_in_pages_with_a_constant_number_of_queries(api, kofi):
    files = [announced_file(by=kofi) for _ in range(5)]
    seen, cursor = [], {}
    while True:
        answer = api.as_(kofi).get("/files", limit=2, **cursor)
        seen += [item["id"] for item in answer.json["items"]]
        if not answer.json["next"]:
            break
        cursor = {"cursor": answer.json["next"]}
    assert seen == [str(file.id) for file in reversed(files)]
    counts = []
    for limit in (1, 5):
        with CaptureQueriesContext(connections["files"]) as statements:
            api.as_(kofi).get("/files", limit=limit)
        counts.append(len(statements))
    assert counts == [1, 1]


def test_one_file_is_one_query(api, kofi, ama):
    file = ready_file(by=kofi)
    share(file, ama)
    with CaptureQueriesContext(connections["files"]) as statements:
        assert api.as_(ama).get(f"/files/{file.id}/download").status == 302
    assert len(statements) == 1


def test_the_address_of_a_link_is_a_path_of_ours(api, kofi):
    file = ready_file(by=kofi)
    location = urlsplit(api.as_(kofi).get(f"/files/{file.id}/download").headers["Location"])
    assert (location.scheme, location.netloc) == ("", "")
    assert location.path.startswith("/api/v1/files/content/")


def test_a_chunked_body_is_read_from_the_server_itself(kofi):
    """Django takes a request without Content-Length for an empty one."""
    file = announced_file(by=kofi)
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(PNG)}
    assert send(upload_link(file), b"", CONTENT_LENGTH="", **chunked).status == 204
    assert File.objects.get(id=file.id).state == "uploaded"
