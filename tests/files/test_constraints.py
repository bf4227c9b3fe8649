"""What the database refuses whoever asks it."""

import pytest
from django.db import DatabaseError, connections

from domains.files import actions
from kelmah.db import atomic
from kelmah.ids import new_id
from tests.files.factories import announced_file, failed_file, ready_file, uploaded_file

pytestmark = pytest.mark.domain("files")


def refused(statement: str, *parameters) -> bool:
    try:
        with atomic("files"), connections["files"].cursor() as cursor:
            cursor.execute(statement, parameters)
            assert cursor.rowcount == 1, "the statement reached no row"
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError:
        return True
    return False


MAKE = {"pending": announced_file, "uploaded": uploaded_file, "ready": ready_file, "failed": failed_file}


@pytest.mark.parametrize(
    ("state", "change"),
    [
        ("pending", "state = 'gone'"),
        ("pending", "kind = 'program'"),
        ("pending", "size = 0"),
        ("pending", "name = ''"),
        ("pending", "content_type = ''"),
        ("pending", "state = 'uploaded'"),
        ("pending", "state = 'ready', completed_at = now()"),
        ("pending", "completed_at = now()"),
        ("pending", "failure = 'content_not_as_declared'"),
        ("uploaded", "sha256 = 'abc'"),
        ("uploaded", "storage_key = ''"),
        ("uploaded", "state = 'ready'"),
        ("uploaded", "state = 'failed', completed_at = now()"),
        ("uploaded", "version = -1"),
        ("ready", "name = 'other.png'"),
        ("ready", "size = size + 1"),
        ("ready", "content_type = 'text/html'"),
        ("ready", "sha256 = repeat('a', 64)"),
        ("ready", "storage_key = storage_key || 'x'"),
        ("ready", "owner_id = gen_random_uuid()"),
        ("ready", "completed_at = now() + interval '1 day'"),
        ("ready", "state = 'uploaded', completed_at = NULL"),
        ("ready", "state = 'failed', failure = 'x'"),
        ("failed", "state = 'ready', failure = ''"),
        ("failed", "failure = ''"),
    ],
)
def test_a_file_cannot_become_nonsense(kofi, state, change):
    file = MAKE[state](by=kofi)
    assert file.state == state
    assert refused(f"UPDATE files_file SET {change} WHERE id = %s", file.id)


def test_what_was_given_up_does_not_come_back(kofi, clock):
    file = uploaded_file(by=kofi)
    clock.advance(hours=25)
    actions.sweep_uploads()
    assert refused("UPDATE files_file SET state = 'pending' WHERE id = %s", file.id)


def test_a_ready_file_may_still_be_deleted(kofi):
    file = ready_file(by=kofi)
    assert not refused("UPDATE files_file SET state = 'deleted', version = version + 1 WHERE id = %s", file.id)


def test_two_files_never_name_the_same_bytes(kofi):
    first, second = uploaded_file(by=kofi), uploaded_file(by=kofi)
    assert refused("UPDATE files_file SET storage_key = %s WHERE id = %s", first.storage_key, second.id)


GRANT = "INSERT INTO files_grant (file_id, reader_id, context, granted_at) VALUES (%s, %s, %s, now())"


def test_a_grant_is_given_once_for_a_place_that_has_a_name(kofi):
    file, reader = ready_file(by=kofi), new_id()
    assert refused(GRANT, file.id, reader, "")
    assert refused(GRANT, new_id(), reader, "milestone:1")
    assert not refused(GRANT, file.id, reader, "milestone:1")
    assert not refused(GRANT, file.id, reader, "milestone:2")
    assert refused(GRANT, file.id, reader, "milestone:1")


def test_a_file_with_readers_cannot_be_removed(kofi, ama):
    file = ready_file(by=kofi)
    actions.share_files(ids=[file.id], owner_id=kofi.user_id, reader_ids=[ama.user_id], context="c")
    assert refused("DELETE FROM files_file WHERE id = %s", file.id)


def test_the_run_time_role_reaches_no_other_schema():
    with connections["files"].cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute("SELECT 1 FROM payments.payments_outbox")
