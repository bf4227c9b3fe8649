"""What other domains may ask, asked through the interface's own client."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.files.models import Grant
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.interfaces.files.calls import FileNotAttachable, files
from kelmah.interfaces.files.types import FileInfo
from kelmah.rpc import CallInsideTransaction
from tests.files.factories import PNG, failed_file, ready_file, uploaded_file

pytestmark = pytest.mark.domain("files")


def test_ready_files_are_told_and_all_others_left_out(kofi):
    file, unready, failed = ready_file(by=kofi), uploaded_file(by=kofi), failed_file(by=kofi)
    assert files.infos(ids=[file.id, unready.id, failed.id, new_id()]) == [
        FileInfo(
            file_id=file.id,
            owner_id=kofi.user_id,
            name=file.name,
            content_type="image/png",
            size=len(PNG),
            sha256=file.sha256,
            kind="chat",
        )
    ]


def test_many_are_told_with_one_statement(kofi):
    ids = [ready_file(by=kofi).id for _ in range(7)]
    with CaptureQueriesContext(connections["files"]) as statements:
        assert len(files.infos(ids=ids)) == 7
    assert len(statements) == 1


def test_sharing_answers_in_the_order_asked(kofi, ama):
    ids = [ready_file(by=kofi).id for _ in range(3)][::-1]
    shared = files.share(ids=ids, owner_id=kofi.user_id, reader_ids=[ama.user_id], context="conversation:1")
    assert [info.file_id for info in shared] == ids
    assert Grant.objects.count() == 3


@pytest.mark.parametrize("make", [uploaded_file, failed_file], ids=["unready", "failed"])
def test_what_is_not_ready_is_not_shared(kofi, ama, make):
    with pytest.raises(FileNotAttachable) as refusal:
        files.share(ids=[make(by=kofi).id], owner_id=kofi.user_id, reader_ids=[ama.user_id], context="c")
    assert refusal.value.code == "file_not_attachable"
    assert not Grant.objects.exists()


def test_nobody_shares_the_file_of_somebody_else(kofi, ama):
    file = ready_file(by=kofi)
    with pytest.raises(FileNotAttachable):
        files.share(ids=[file.id], owner_id=ama.user_id, reader_ids=[ama.user_id], context="c")
    assert not Grant.objects.exists()


def test_nothing_to_share_is_nothing_shared(kofi):
    assert files.share(ids=[], owner_id=kofi.user_id, reader_ids=[new_id()], context="c") == []


def test_a_call_inside_a_transaction_is_refused():
    with atomic("files"), pytest.raises(CallInsideTransaction):
        files.infos(ids=[])
