"""Copies and erasures when several things happen at once, each with a connection of its own."""

import pytest

from domains.identity import tasks
from domains.identity.actions import erasures, exports
from domains.identity.models import DataExport, Erasure, User
from kelmah.interfaces.privacy import keepers
from tests.identity.factories import sign_up
from tests.identity.privacy import answer, asked_for, checked
from tests.identity.test_races import kinds

pytestmark = pytest.mark.domain("identity", transaction=True)


@pytest.fixture
def kofi():
    return sign_up()


def test_asked_for_many_times_at_once_it_is_one_erasure(race, kofi):
    outcome = race(lambda: asked_for(kofi.user.id), 5)
    assert kinds(outcome) == {"Erasure": 1, "ErasureAskedAlready": 4}


def test_asked_for_many_times_at_once_it_is_one_copy(race, kofi):
    outcome = race(lambda: exports.request_export(user_id=kofi.user.id), 5)
    assert kinds(outcome) == {"DataExport": 1, "ExportTooSoon": 4}
    assert DataExport.objects.count() == 1


def test_the_last_answers_at_once_bring_the_next_step_once(race, kofi):
    erasure = checked(asked_for(kofi.user.id))
    race([lambda domain=domain: answer(erasure, "check", domain) for domain in keepers()])
    erasure.refresh_from_db()
    assert erasure.state == "erasing"
    race([lambda domain=domain: answer(erasure, "erase", domain) for domain in keepers()])
    erasure.refresh_from_db()
    assert erasure.state == "sweeping"


def test_whoever_withdraws_while_the_time_runs_out_is_erased_or_stays_never_both(race, kofi, clock):
    erasure = asked_for(kofi.user.id)
    clock.advance(days=14)
    race(
        [
            tasks.run_privacy,
            lambda: erasures.withdraw_erasure(user_id=kofi.user.id, expected_version=None),
            tasks.run_privacy,
        ]
    )
    erasure.refresh_from_db()
    assert erasure.state in ("checking", "withdrawn")
    assert (erasure.ended_at is not None) == (erasure.state == "withdrawn")


def test_finished_twice_at_once_it_is_finished_once(race, kofi, settings, tmp_path):
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    erasure = checked(asked_for(kofi.user.id))
    for step in ("check", "erase", "sweep"):
        for domain in keepers():
            answer(erasure, step, domain)
    outcome = race(lambda: tasks.finish_erasure(str(erasure.id)), 3)
    assert kinds(outcome) == {"NoneType": 3}
    assert Erasure.objects.get().state == "erased"
    assert User.objects.get(id=kofi.user.id).email is None
    assert len(list((tmp_path / "mailbox").rglob("*.eml"))) == 1
