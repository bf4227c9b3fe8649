"""Two at once, each with a connection of its own."""

import io
import random
import threading

import pytest

from domains.files import actions, queries, rules
from domains.files.gateways import storage
from domains.files.models import File, Grant
from kelmah.errors import InvalidTransition, NotFound
from kelmah.ids import new_id
from tests.files.factories import PNG, announced_file, ready_file, stored_keys, uploaded_file

pytestmark = pytest.mark.domain("files", transaction=True)

OTHER = PNG[:-1] + b"!"


def receive(file, content):
    return lambda: actions.receive_content(file_id=file.id, source=io.BytesIO(content))


def complete(file, by, sha256=None):
    return lambda: actions.complete_upload(file_id=file.id, by=by, sha256=sha256)


def now_of(file) -> File:
    return File.objects.get(id=file.id)


def test_uploads_of_one_file_at_once_leave_the_bytes_of_one(race, kofi):
    for _ in range(5):
        file = announced_file(by=kofi)
        before = stored_keys()
        race([receive(file, content) for content in (PNG, OTHER, PNG, OTHER)])
        current = now_of(file)
        assert (current.state, current.version) == ("uploaded", 5)
        assert stored_keys() - before == {current.storage_key}
        assert storage.open_stored(current.storage_key).read() in (PNG, OTHER)


def test_completing_eight_times_at_once_judges_once_and_tells_all_the_same(race, kofi, monkeypatch):
    file, honest, all_looked = uploaded_file(by=kofi), rules.looks_like, threading.Barrier(8)

    def look_together(content_type, blocks):
        all_looked.wait(timeout=20)
        return honest(content_type, blocks)

    monkeypatch.setattr(rules, "looks_like", look_together)
    outcome = race(complete(file, kofi), 8)
    assert [(each.state, each.version) for each in outcome] == [("ready", 3)] * 8


def test_completing_and_sending_other_bytes_at_once_never_accepts_unseen_bytes(race, kofi):
    """The other bytes are no picture: a ready file with them would be one that nobody has looked at."""
    lie = b"x" * len(PNG)
    for _ in range(10):
        file = uploaded_file(by=kofi)
        judged, received = race([complete(file, kofi), receive(file, lie)])
        current = now_of(file)
        stored = storage.open_stored(current.storage_key).read()
        match current.state:
            case "ready":
                assert stored == PNG
                assert isinstance(received, InvalidTransition)
            case "failed":
                assert stored == lie
                assert isinstance(judged, rules.ContentNotAsDeclared)
            case "uploaded":
                assert stored == lie
                assert isinstance(judged, rules.UploadChanged)
            case other:
                raise AssertionError(other)


def test_bytes_replaced_between_the_look_and_the_judgement_are_looked_at_again(kofi, monkeypatch):
    file, honest = uploaded_file(by=kofi), rules.looks_like

    def slow_look(content_type, blocks):
        monkeypatch.undo()
        receive(file, b"x" * len(PNG))()
        return honest(content_type, blocks)

    monkeypatch.setattr(rules, "looks_like", slow_look)
    with pytest.raises(rules.UploadChanged):
        complete(file, kofi)()
    assert now_of(file).state == "uploaded"


def test_bytes_replaced_before_the_look_are_not_a_crash(kofi, monkeypatch):
    file, open_stored = uploaded_file(by=kofi), storage.open_stored

    def slow_open(key):
        monkeypatch.undo()
        receive(file, OTHER)()
        return open_stored(key)

    monkeypatch.setattr(storage, "open_stored", slow_open)
    with pytest.raises(rules.UploadChanged):
        complete(file, kofi)()
    assert now_of(file).state == "uploaded"


def test_the_sweep_and_a_completion_at_once_have_one_outcome(race, kofi, clock):
    for _ in range(5):
        file = uploaded_file(by=kofi)
        clock.advance(hours=25)
        judged, _ = race([complete(file, kofi), actions.sweep_uploads])
        current = now_of(file)
        if current.state == "ready":
            assert judged.state == "ready"
            assert storage.open_stored(current.storage_key).read() == PNG
        else:
            assert isinstance(judged, rules.UploadChanged | NotFound), judged
            assert (current.state, current.storage_key) == ("deleted", "")


def test_the_sweep_and_a_late_upload_at_once_leave_no_orphan(race, kofi, clock):
    for _ in range(5):
        file = announced_file(by=kofi)
        before = stored_keys()
        clock.advance(hours=25)
        received, _ = race([receive(file, PNG), actions.sweep_uploads])
        actions.sweep_uploads()
        assert now_of(file).state == "deleted"
        assert stored_keys() == before
        assert isinstance(received, File | InvalidTransition), received


def test_sweeps_at_once_give_up_each_file_once(race, kofi, clock):
    for _ in range(20):
        uploaded_file(by=kofi)
    clock.advance(hours=25)
    assert sum(race(lambda: actions.sweep_uploads(batch=3), 4)) == 20
    assert stored_keys() == set()
    assert set(File.objects.values_list("state", "storage_key", "version")) == {("deleted", "", 3)}


def test_an_upload_that_is_being_received_holds_no_lock(kofi, clock):
    file = announced_file(by=kofi)
    under_way, go_on = threading.Event(), threading.Event()

    class Slow:
        parts = [PNG[10:], PNG[:10]]

        def read(self, size=-1, /):
            if len(self.parts) == 1:
                under_way.set()
                assert go_on.wait(20)
            return self.parts.pop() if self.parts else b""

    def upload():
        from django.db import connections

        actions.receive_content(file_id=file.id, source=Slow())
        connections.close_all()

    thread = threading.Thread(target=upload)
    thread.start()
    assert under_way.wait(20)
    quick = receive(file, OTHER)()
    go_on.set()
    thread.join(20)
    current = now_of(file)
    assert (quick.state, current.version) == ("uploaded", 3)
    assert stored_keys() == {current.storage_key}
    assert storage.open_stored(current.storage_key).read() == PNG


def test_sharing_the_same_files_at_once_is_sharing_once(race, kofi):
    ids = [ready_file(by=kofi).id for _ in range(2)]
    readers = [new_id() for _ in range(400)]

    def share(mix: random.Random):
        mixed_ids, mixed_readers = mix.sample(ids, 2), mix.sample(readers, 400)
        return lambda: actions.share_files(
            ids=mixed_ids, owner_id=kofi.user_id, reader_ids=mixed_readers, context="conversation:1"
        )

    for attempt in range(5):
        outcome = race([share(random.Random(f"{attempt}.{n}")) for n in range(6)])
        assert all(len(shared) == 2 for shared in outcome), outcome
        assert Grant.objects.count() == 800
        Grant.objects.all().delete()
    assert {file.id for file in queries.ready_files(ids)} == set(ids)
