"""What files does, one rule per test."""

import hashlib
import io
import tracemalloc

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from domains.files import actions, rules
from domains.files.gateways import pictures, storage
from domains.files.models import File, Grant
from domains.files.tasks import sweep_uploads
from kelmah.errors import InvalidTransition, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import FileNotAttachable
from tests.files.factories import (
    PNG,
    SAMPLES,
    announced_file,
    failed_file,
    png_that_claims,
    ready_file,
    stored_keys,
    uploaded_file,
)

pytestmark = pytest.mark.domain("files")

KIND_OF = {"video/mp4": "portfolio"}


def receive(file, content):
    return actions.receive_content(file_id=file.id, source=io.BytesIO(content))


@pytest.mark.parametrize("content_type", SAMPLES)
def test_an_honest_file_of_every_type_becomes_ready(kofi, content_type):
    kind = KIND_OF.get(content_type, "chat")
    file = ready_file(by=kofi, content=SAMPLES[content_type], content_type=content_type, kind=kind)
    assert (file.state, file.sha256) == ("ready", hashlib.sha256(SAMPLES[content_type]).hexdigest())
    assert storage.open_stored(file.storage_key).read() == SAMPLES[content_type]


@pytest.mark.parametrize("content_type", SAMPLES)
def test_a_program_fails_whatever_it_says_it_is(kofi, content_type):
    kind = KIND_OF.get(content_type, "chat")
    program = b"MZ\x90\x00" + bytes(400)
    file = uploaded_file(by=kofi, content=program, content_type=content_type, kind=kind)
    with pytest.raises(rules.ContentNotAsDeclared):
        actions.complete_upload(file_id=file.id, by=kofi, sha256=None)
    file.refresh_from_db()
    assert (file.state, file.failure) == ("failed", "content_not_as_declared")


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/webp"])
def test_a_picture_that_ends_too_early_is_none(kofi, content_type):
    content = SAMPLES[content_type]
    file = uploaded_file(by=kofi, content=content[: len(content) // 2], content_type=content_type)
    with pytest.raises(rules.ContentNotAsDeclared):
        actions.complete_upload(file_id=file.id, by=kofi, sha256=None)


def test_a_bomb_is_refused_before_it_explodes(kofi):
    bomb = png_that_claims(30_000, 30_000)
    assert len(bomb) < 2_000
    file = uploaded_file(by=kofi, content=bomb)
    tracemalloc.start()
    try:
        with pytest.raises(rules.ContentNotAsDeclared):
            actions.complete_upload(file_id=file.id, by=kofi, sha256=None)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("side", "taken"), [(20, True), (21, False)])
def test_the_pixel_cap_is_the_last_size_that_is_taken(side, taken):
    content = io.BytesIO()
    Image.new("1", (20, side)).save(content, "PNG")
    assert pictures.decodes_as("image/png", content, pixel_cap=400) is taken


def test_a_text_whose_poison_comes_late_fails(kofi):
    file = uploaded_file(by=kofi, content=b"a" * 200_000 + b"\x00\xff", content_type="text/plain", name="a.txt")
    with pytest.raises(rules.ContentNotAsDeclared):
        actions.complete_upload(file_id=file.id, by=kofi, sha256=None)


def test_completing_again_answers_the_same(kofi):
    ready, failed = ready_file(by=kofi), failed_file(by=kofi)
    assert actions.complete_upload(file_id=ready.id, by=kofi, sha256=ready.sha256).version == ready.version
    with pytest.raises(rules.ContentNotAsDeclared):
        actions.complete_upload(file_id=failed.id, by=kofi, sha256=None)


def test_completing_without_bytes_and_for_somebody_else_is_refused(kofi, ama):
    file = announced_file(by=kofi)
    with pytest.raises(rules.NotUploadedYet):
        actions.complete_upload(file_id=file.id, by=kofi, sha256=None)
    with pytest.raises(NotFound):
        actions.complete_upload(file_id=file.id, by=ama, sha256=None)


def test_other_bytes_than_the_sender_meant_are_not_judged(kofi):
    file = uploaded_file(by=kofi)
    with pytest.raises(rules.ChecksumMismatch):
        actions.complete_upload(file_id=file.id, by=kofi, sha256="0" * 64)
    file.refresh_from_db()
    assert file.state == "uploaded"


def test_bytes_sent_again_replace_the_older_ones(kofi):
    file = uploaded_file(by=kofi, content=PNG)
    other = PNG[:-1] + b"!"
    again = receive(file, other)
    assert again.sha256 == hashlib.sha256(other).hexdigest()
    assert stored_keys() == {again.storage_key}


@pytest.mark.parametrize("content", [PNG + b"!", PNG[:-1], b""], ids=["longer", "shorter", "empty"])
def test_another_size_than_announced_is_refused_and_leaves_nothing(kofi, content):
    file = announced_file(by=kofi)
    with pytest.raises(rules.SizeNotAsAnnounced):
        receive(file, content)
    file.refresh_from_db()
    assert (file.state, stored_keys()) == ("pending", set())


def test_a_longer_upload_is_cut_off_and_not_read_to_its_end(kofi):
    file = announced_file(by=kofi, content=b"a" * 100, content_type="text/plain")
    endless = open("/dev/zero", "rb", buffering=0)  # noqa: SIM115
    with endless, pytest.raises(rules.SizeNotAsAnnounced):
        actions.receive_content(file_id=file.id, source=endless)
    assert stored_keys() == set()


def test_a_wrong_length_is_refused_before_a_byte_is_read(kofi):
    class Untouchable:
        def read(self, size=-1, /):
            raise AssertionError("it was read")

    file = announced_file(by=kofi)
    with pytest.raises(rules.SizeNotAsAnnounced):
        actions.receive_content(file_id=file.id, source=Untouchable(), length=file.size + 1)


def test_a_line_that_breaks_leaves_nothing(kofi):
    class Breaking:
        def __init__(self):
            self.parts = [b"a" * 10, b"b" * 10]

        def read(self, size=-1, /):
            if not self.parts:
                raise ConnectionResetError
            return self.parts.pop()

    file = announced_file(by=kofi)
    with pytest.raises(ConnectionResetError):
        actions.receive_content(file_id=file.id, source=Breaking())
    assert stored_keys() == set()


def test_what_was_judged_takes_no_other_bytes(kofi):
    for file in (ready_file(by=kofi), failed_file(by=kofi)):
        before = stored_keys()
        with pytest.raises(InvalidTransition):
            receive(file, PNG)
        assert stored_keys() == before


def test_bytes_for_an_unknown_upload_are_refused():
    with pytest.raises(NotFound):
        actions.receive_content(file_id=new_id(), source=io.BytesIO(PNG))
    assert stored_keys() == set()


def test_a_file_whose_bytes_vanished_can_be_sent_again(kofi):
    file = uploaded_file(by=kofi)
    default_storage.delete(file.storage_key)
    with pytest.raises(rules.UploadChanged):
        actions.complete_upload(file_id=file.id, by=kofi, sha256=None)
    receive(file, PNG)
    assert actions.complete_upload(file_id=file.id, by=kofi, sha256=None).state == "ready"


def test_the_sweep_gives_up_what_nobody_completed_within_a_day(kofi, clock):
    pending, uploaded, ready = announced_file(by=kofi), uploaded_file(by=kofi), ready_file(by=kofi)
    clock.advance(hours=23, minutes=59)
    assert sweep_uploads() == 0
    clock.advance(minutes=2)
    fresh = announced_file(by=kofi)
    assert sweep_uploads() == 2
    states = dict(File.objects.values_list("id", "state"))
    assert states == {pending.id: "deleted", uploaded.id: "deleted", ready.id: "ready", fresh.id: "pending"}
    assert stored_keys() == {ready.storage_key}
    assert sweep_uploads() == 0


def test_the_sweep_deletes_the_bytes_of_what_failed(kofi):
    file = failed_file(by=kofi)
    assert stored_keys() == {file.storage_key}
    sweep_uploads()
    file.refresh_from_db()
    assert (file.state, file.storage_key, stored_keys()) == ("failed", "", set())


def test_the_sweep_takes_more_than_one_batch(kofi, clock):
    for _ in range(5):
        uploaded_file(by=kofi)
    clock.advance(hours=25)
    assert actions.sweep_uploads(batch=2) == 5
    assert stored_keys() == set()


def test_bytes_that_a_crashed_sweep_left_are_deleted_by_the_next(kofi, clock, monkeypatch):
    file = uploaded_file(by=kofi)
    clock.advance(hours=25)

    def crash(key):
        raise SystemExit

    with monkeypatch.context() as broken, pytest.raises(SystemExit):
        broken.setattr(storage, "remove", crash)
        sweep_uploads()
    file.refresh_from_db()
    assert (file.state, stored_keys()) == ("deleted", {file.storage_key})
    sweep_uploads()
    assert stored_keys() == set()


def test_sharing_twice_is_sharing_once(kofi, ama):
    file = ready_file(by=kofi)
    for _ in range(2):
        shared = actions.share_files(
            ids=[file.id, file.id], owner_id=kofi.user_id, reader_ids=[ama.user_id, ama.user_id], context="milestone:1"
        )
        assert [each.id for each in shared] == [file.id]
    assert list(Grant.objects.values_list("file_id", "reader_id", "context")) == [(file.id, ama.user_id, "milestone:1")]


def test_all_are_shared_or_none(kofi, ama):
    mine, unready, theirs = ready_file(by=kofi), uploaded_file(by=kofi), ready_file(by=ama)
    for bad in (unready.id, theirs.id, new_id(), failed_file(by=kofi).id):
        with pytest.raises(FileNotAttachable) as refusal:
            actions.share_files(ids=[mine.id, bad], owner_id=kofi.user_id, reader_ids=[ama.user_id], context="c")
        assert refusal.value.data == {"file_ids": [str(bad)]}
    assert not Grant.objects.exists()


def test_a_shared_file_of_one_reader_stays_closed_to_another(kofi, ama, principal):
    from domains.files import queries

    file = ready_file(by=kofi)
    actions.share_files(ids=[file.id], owner_id=kofi.user_id, reader_ids=[ama.user_id], context="c")
    assert queries.access_file(file_id=file.id, by=ama).id == file.id
    with pytest.raises(NotFound):
        queries.access_file(file_id=file.id, by=principal(role="worker"))
