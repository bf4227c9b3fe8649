"""Copies of people's data, sealed until their owner reads them; and what files forgets."""

import io
import zipfile

import pytest

from domains.files import tasks
from domains.files.actions import exports, links, privacy
from domains.files.gateways import storage
from domains.files.models import ExportPart, File, Grant
from kelmah import crypto
from kelmah.ids import new_id
from kelmah.interfaces.files.events import ExportPacked, PersonAnswered
from kelmah.interfaces.privacy import ERASED, Asked
from tests.files.factories import (
    PNG,
    announced_file,
    failed_file,
    fetch,
    member,
    ready_file,
    stored_keys,
    uploaded_file,
)

pytestmark = pytest.mark.domain("files")


def packed_for(owner):
    """A copy with one part and the owner's files."""
    request_id = new_id()
    part = {"request_id": request_id, "owner_id": owner.user_id, "name": "payments/ledger.json"}
    exports.keep_part(**part, content='["old"]')
    exports.keep_part(**part, content='["Kofi Boateng"]')
    exports.pack(request_id=request_id, user_id=owner.user_id)
    return request_id


def test_a_part_lies_sealed_until_all_is_packed():
    owner = member()
    exports.keep_part(
        request_id=new_id(), owner_id=owner.user_id, name="payments/ledger.json", content="Kofi Boateng was here"
    )
    assert b"Boateng" not in bytes(ExportPart.objects.get().content)


def test_the_archive_holds_parts_and_files_and_lies_sealed(published):
    owner = member()
    photo = ready_file(by=owner, name="sketch.png")
    ready_file(by=member(), name="others.png")
    request_id = packed_for(owner)
    (event,) = published.of(ExportPacked)
    assert (event.request_id, event.file_id) == (request_id, request_id)
    with storage.open_stored(File.objects.get(id=request_id).storage_key) as stored:
        assert b"PK" not in stored.read(64)
    answer = fetch(links.download_path(request_id))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read("payments/ledger.json") == b'["Kofi Boateng"]'
        assert archive.read(f"files/content/{photo.id}-sketch.png") == PNG
        assert len(archive.namelist()) == 3
    assert not ExportPart.objects.exists()


def test_packed_twice_it_is_one_archive(published):
    owner = member()
    request_id = packed_for(owner)
    exports.pack(request_id=request_id, user_id=owner.user_id)
    assert File.objects.filter(kind="export").count() == 1
    assert {event.file_id for event in published.of(ExportPacked)} == {request_id}


def test_an_archive_is_read_through_its_request_alone(api):
    owner = member()
    request_id = packed_for(owner)
    for path in (f"/files/{request_id}", f"/files/{request_id}/download"):
        assert api.as_(owner).get(path).status == 404
    assert api.as_(owner).get("/files").json["items"] == []
    upload = {"name": "x.zip", "content_type": "application/zip", "size": 10, "kind": "export"}
    assert api.as_(owner).post("/files/uploads", upload).status == 400


def test_after_a_week_the_archive_is_gone(clock):
    packed_for(member())
    clock.advance(days=6, hours=23)
    assert tasks.sweep_exports() == 0
    clock.advance(hours=2)
    assert tasks.sweep_exports() == 1
    assert stored_keys() == set()


def test_somebody_who_is_erased_leaves_no_bytes_and_no_names(published, drain):
    owner, other = member(), member()
    for making in (ready_file, uploaded_file, announced_file):
        making(by=owner, name="Kofi Boateng.png")
    failed_file(by=owner)
    kept = ready_file(by=other)
    shared = ready_file(by=other)
    Grant.objects.create(file=shared, reader_id=owner.user_id, context="conversation:1", granted_at=shared.created_at)
    packed_for(owner)
    privacy.answer(Asked(request_id=new_id(), user_id=owner.user_id, step="erase"))
    drain()
    (answer,) = published.of(PersonAnswered)
    assert answer.counts["files"] == 4
    assert stored_keys() == {kept.storage_key, shared.storage_key}
    assert set(File.objects.filter(owner_id=owner.user_id).values_list("name", "sha256")) == {(ERASED, "")}
    assert not Grant.objects.filter(reader_id=owner.user_id).exists()
    with pytest.raises(crypto.Shredded):
        exports.keep_part(request_id=new_id(), owner_id=owner.user_id, name="a/b.json", content="[]")
