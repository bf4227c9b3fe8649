"""Files over HTTP: the owner, a reader, a stranger, nobody."""

import hashlib
from urllib.parse import urlsplit

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.files import actions
from domains.files.models import File
from kelmah.ids import new_id
from tests.files.factories import (
    SAMPLES,
    AnnouncementFactory,
    announced_file,
    complete,
    failed_file,
    fetch,
    file_rows,
    ready_file,
    send,
    uploaded_file,
)

pytestmark = pytest.mark.domain("files")


def share(file, *readers):
    ids = [reader.user_id for reader in readers]
    actions.share_files(ids=[file.id], owner_id=file.owner_id, reader_ids=ids, context="conversation:1")


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
    assert (got.status, got.content) == (200, content)
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


@pytest.mark.parametrize("make", [announced_file, uploaded_file, ready_file, failed_file])
def test_the_file_of_somebody_else_is_not_there(api, kofi, ama, make):
    file = make(by=kofi)
    before = file_rows()
    for answer in (
        api.as_(ama).get(f"/files/{file.id}"),
        api.as_(ama).get(f"/files/{file.id}/download"),
        complete(api, ama, file),
    ):
        assert (answer.status, answer.code) == (404, "not_found")
    assert api.as_(ama).get("/files").json["items"] == []
    assert file_rows() == before


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


@pytest.mark.in_process
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


@pytest.mark.in_process
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
