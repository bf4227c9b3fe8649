"""What workers tell of themselves is in the copy of their data, and gone when they are forgotten."""

import json

import pytest

from domains.identity.actions.forgetting import copy_of, forget_person
from domains.identity.actions.profiles import update_profile
from domains.identity.models import Experience, Profile, User, WorkerCard
from domains.identity.queries.directory import find
from domains.identity.queries.gate import WorkerFilter
from domains.identity.rules.availability import TimeOff
from domains.identity.rules.directory import FIRST_WEIGHTS
from domains.identity.rules.resume import Education
from domains.identity.rules.resume import Experience as Station
from kelmah import clock
from kelmah.db import atomic
from tests.identity.workers import NOW, OSU, WEEKDAYS, worker

pytestmark = pytest.mark.domain("identity")


@pytest.fixture
def kofi():
    christmas = TimeOff(first=NOW.date(), last=NOW.date(), note="With the family in Kumasi")
    user_id = worker(name="Kofi", at=OSU, hours={"slots": WEEKDAYS, "days_off": [christmas]}, languages="tw")
    station = {"organisation": "Adom Woodworks", "title": "Joiner", "started": NOW.date().replace(day=1), "ended": None}
    changes = {
        "experience": (Station(**station),),
        "education": (Education(**station | {"organisation": "Accra Technical"}),),
    }
    update_profile(user_id=user_id, expected_version=None, changes=changes)
    return user_id


def test_a_copy_holds_everything_a_worker_told(kofi):
    copy = {name: [*rows] for name, rows in copy_of(kofi).items()}
    text = json.dumps(copy, default=str)
    for told in ("Adom Woodworks", "Accra Technical", "With the family in Kumasi", "47-2031-00-carpentry"):
        assert told in text, sorted(copy)
    assert len(copy["weeklyslot"]) == 5


def test_who_is_forgotten_is_in_no_table_of_workers_and_not_found(kofi):
    with atomic("identity"):
        User.objects.filter(id=kofi).update(status="erased")
        forget_person(kofi)
    assert not Profile.objects.exists()
    assert not WorkerCard.objects.exists()
    assert not Experience.objects.exists()
    assert find(WorkerFilter(now=clock.now()), sort="rank", limit=5, weights=FIRST_WEIGHTS).items == "[]"
