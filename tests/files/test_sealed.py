"""Identity papers: encrypted where they lie, and nobody's but their owner's."""

import io

import pytest
from django.core.files.storage import default_storage

from domains.files import actions, rules
from domains.files.gateways import storage
from domains.files.models import DataKey, File
from kelmah import crypto
from kelmah.crypto import Shredded, Tampered
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import FileNotAttachable, files
from tests.files.factories import PNG, SAMPLES, announced_file, fetch, picture, ready_file, uploaded_file

pytestmark = pytest.mark.domain("files")

BIG = picture("PNG", size=(900, 700))  # several blocks


def stored_bytes(file: File) -> bytes:
    with default_storage.open(file.storage_key) as stored:
        return stored.read()


def content(file: File) -> bytes:
    with storage.open_content(file) as opened:
        return opened.read()


@pytest.mark.parametrize(
    ("bytes_sent", "content_type"),
    [(PNG, "image/png"), (SAMPLES["application/pdf"], "application/pdf"), (BIG, "image/png")],
)
def test_what_lies_in_the_storage_is_noise_and_opens_to_what_was_sent(kofi, bytes_sent, content_type):
    file = ready_file(by=kofi, kind="identity", content=bytes_sent, content_type=content_type)
    lying = stored_bytes(file)
    assert bytes_sent[:8] not in lying
    assert bytes_sent[-16:] not in lying
    assert content(file) == bytes_sent
    assert (file.size, file.state) == (len(bytes_sent), "ready")


def test_other_kinds_are_not_sealed(kofi):
    assert stored_bytes(ready_file(by=kofi)) == PNG
    assert not DataKey.objects.exists()


def test_the_owner_downloads_what_was_sent(api, kofi):
    file = ready_file(by=kofi, kind="identity", content=BIG)
    answer = api.as_(kofi).get(f"/files/{file.id}/download")
    assert answer.status == 302
    got = fetch(answer.headers["Location"])
    assert (got.status, got.content) == (200, BIG)
    assert got.headers["Content-Length"] == str(len(BIG))
    assert "attachment" in got.headers["Content-Disposition"]


def test_others_do_not_see_it_and_nobody_can_be_let_in(api, kofi, ama):
    file = ready_file(by=kofi, kind="identity")
    assert api.as_(ama).get(f"/files/{file.id}").status == 404
    assert api.as_(ama).get(f"/files/{file.id}/download").status == 404
    assert api.anonymous.get(f"/files/{file.id}/download").status == 401
    with pytest.raises(FileNotAttachable):
        actions.share_files(ids=[file.id], owner_id=kofi.user_id, reader_ids=[ama.user_id], context="conversation:1")
    assert api.as_(ama).get(f"/files/{file.id}/download").status == 404


def test_identity_gets_a_link_of_a_minute_for_a_ready_file_of_that_owner_only(kofi, ama, clock):
    file, pending = ready_file(by=kofi, kind="identity"), announced_file(by=kofi, kind="identity")
    link = files.reading_link(file_id=file.id, owner_id=kofi.user_id)
    assert fetch(link).content == PNG
    clock.advance(seconds=61)
    assert fetch(link).code == "link_invalid"
    for file_id, owner in ((file.id, ama.user_id), (pending.id, kofi.user_id), (new_id(), kofi.user_id)):
        with pytest.raises(NotFound):
            files.reading_link(file_id=file_id, owner_id=owner)


def test_bytes_that_were_changed_or_swapped_with_another_file_do_not_open(kofi):
    file, other = ready_file(by=kofi, kind="identity", content=BIG), ready_file(by=kofi, kind="identity")
    lying = stored_bytes(file)
    default_storage.delete(other.storage_key)
    default_storage.save(other.storage_key, io.BytesIO(lying))
    with pytest.raises(Tampered):
        content(other)
    default_storage.delete(file.storage_key)
    default_storage.save(file.storage_key, io.BytesIO(lying[:-1] + bytes([lying[-1] ^ 1])))
    with pytest.raises(Tampered):
        content(file)


def test_after_the_key_is_destroyed_nothing_is_read_sealed_or_sent(api, kofi):
    file, pending = ready_file(by=kofi, kind="identity"), announced_file(by=kofi, kind="identity")
    with atomic("files"):
        crypto.shred("files", subject=kofi.user_id)
    link = files.reading_link(file_id=file.id, owner_id=kofi.user_id)
    assert (fetch(link).status, fetch(link).code) == (404, "not_found")
    with pytest.raises(Shredded):
        actions.receive_content(file_id=pending.id, source=io.BytesIO(PNG))


def test_a_lie_is_found_though_it_is_sealed(kofi):
    file = uploaded_file(by=kofi, kind="identity", content=SAMPLES["text/plain"])
    with pytest.raises(rules.ContentNotAsDeclared):
        actions.complete_upload(file_id=file.id, by=kofi, sha256=None)


def test_too_many_bytes_leave_nothing_behind(kofi):
    file = announced_file(by=kofi, kind="identity", content=PNG[:-1])
    with pytest.raises(rules.SizeNotAsAnnounced):
        actions.receive_content(file_id=file.id, source=io.BytesIO(PNG))
    assert not default_storage.listdir(str(file.id)[-2:])[1]
