"""``atomic``: whose transaction is open, what may happen inside, what a rehearsal leaves behind."""

import pytest
from django.db import connections

from kelmah.db import atomic, before_commit, in_atomic, rehearsal, run_on_commit
from kelmah.db.transaction import CrossDomainTransaction, with_every_commit
from kelmah.errors import StaleVersion

pytestmark = pytest.mark.domain("files", "reviews", transaction=True)


def keys() -> int:
    with connections["files"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM files_idempotencykey")
        return cursor.fetchone()[0]


def write_key(name: str = "k") -> None:
    with connections["files"].cursor() as cursor:
        cursor.execute(
            "INSERT INTO files_idempotencykey (caller, route, key, request_hash, locked_at, headers, created_at)"
            " VALUES ('c', 'r', %s, '', now(), '{}', now())",
            [name],
        )


def test_the_open_transaction_is_known_by_its_domain():
    assert in_atomic() is None
    with atomic("files"):
        assert in_atomic() == "files"
        with atomic("files"):
            assert in_atomic() == "files"
    assert in_atomic() is None


def test_transactions_of_two_domains_never_nest():
    with atomic("files"), pytest.raises(CrossDomainTransaction, match="publish an event"), atomic("reviews"):
        pass


def test_an_error_rolls_back_and_forgets_the_transaction():
    with pytest.raises(StaleVersion), atomic("files"):
        write_key()
        raise StaleVersion
    assert (keys(), in_atomic()) == (0, None)


def test_an_inner_block_is_a_savepoint():
    with atomic("files"):
        write_key("kept")
        with pytest.raises(StaleVersion), atomic("files"):
            write_key("lost")
            raise StaleVersion
    assert keys() == 1


def test_a_rehearsal_writes_nothing_but_runs_everything():
    done = []
    with rehearsal(), atomic("files"):
        write_key()
        before_commit("files", lambda: done.append(keys()))
    assert (done, keys()) == ([1], 0)


def test_what_runs_before_commit_commits_or_fails_with_the_rest():
    def fail() -> None:
        raise StaleVersion

    with pytest.raises(StaleVersion), atomic("files"):
        write_key()
        before_commit("files", fail)
    assert keys() == 0


def test_before_commit_needs_its_own_domains_transaction():
    with pytest.raises(RuntimeError):
        before_commit("files", print)
    with atomic("reviews"), pytest.raises(RuntimeError):
        before_commit("files", print)


def test_every_outermost_commit_inside_the_block_runs_the_step():
    ran = []
    with with_every_commit("files", lambda: ran.append(in_atomic())):
        with atomic("files"), atomic("files"):
            pass
        with atomic("reviews"):
            pass
        with atomic("files"):
            pass
    with atomic("files"):
        pass
    assert ran == ["files", "files"]


def test_hints_go_out_after_the_commit_and_not_after_a_rollback():
    said = []
    with atomic("files"):
        run_on_commit("files", lambda: said.append("kept"))
        assert said == []
    with pytest.raises(StaleVersion), atomic("files"):
        run_on_commit("files", lambda: said.append("lost"))
        raise StaleVersion
    assert said == ["kept"]
