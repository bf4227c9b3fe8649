"""What identity tells the other domains, directly and over the wire."""

from datetime import UTC, datetime

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity import actions, rules
from domains.identity.rules.profiles import Rates
from kelmah.ids import new_id
from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.identity.types import Around, FoundWorker, Person, Profile, SkillLevel, WorkerSearch
from kelmah.money import Money
from tests.identity.factories import sign_up, staff
from tests.identity.workers import NOW, OSU, PLUMBING, TEMA, WEEKDAYS, cedis, worker

pytestmark = pytest.mark.domain("identity")


@pytest.fixture(params=["local", "loopback"], autouse=True)
def transport(request, settings):
    settings.RPC_TRANSPORT = request.param


def described(**as_):
    user = sign_up(**as_).user
    actions.update_profile(
        user_id=user.id,
        expected_version=1,
        changes={
            "headline": "Carpenter",
            "place": rules.Place(name="Osu", latitude=5.556, longitude=-0.182),
            "radius_km": 25,
            "rates": Rates(hourly=Money(4500, "GHS")),
            "skills": [rules.Skill(skill_id="47-2031-00-carpentry", level=4, years=12)],
        },
    )
    return user


def test_people_are_told_with_their_standing_and_unknown_ids_are_left_out():
    ama, efua, gone = sign_up(role="hirer", locale="fr", zone="Europe/Paris").user, staff(), sign_up().user
    actions.suspend_user(user_id=gone.id)
    told = {person.user_id: person for person in identity.people(ids=[ama.id, efua.id, gone.id, new_id()])}
    assert told == {
        ama.id: Person(
            user_id=ama.id, display_name="Ama Mensah", role="hirer", locale="fr", zone="Europe/Paris", status="active"
        ),
        efua.id: Person(
            user_id=efua.id,
            display_name="Efua Staff",
            role="staff",
            locale="en",
            zone="Africa/Accra",
            status="active",
        ),
        gone.id: Person(
            user_id=gone.id,
            display_name="Ama Mensah",
            role="worker",
            locale="en",
            zone="Africa/Accra",
            status="suspended",
        ),
    }
    assert identity.people(ids=[]) == []


def test_profiles_are_told_whole_and_staff_have_none():
    user = described()
    actions.record_reputation(user_id=user.id, stars=437, reviews=12)
    assert identity.profiles(ids=[user.id, staff().id, new_id()]) == [
        Profile(
            user_id=user.id,
            display_name="Ama Mensah",
            role="worker",
            headline="Carpenter",
            bio="",
            skills=[SkillLevel(skill_id="47-2031-00-carpentry", name="Carpentry", level=4, years=12)],
            place="Osu",
            radius_km=25,
            stars=437,
            reviews=12,
            completeness=55,
        )
    ]


def test_many_are_asked_in_as_few_statements_as_one():
    users = [described() for _ in range(6)]

    def statements(call, ids) -> int:
        with CaptureQueriesContext(connections["identity"]) as captured:
            assert len(call(ids=ids)) == len(ids)
        return len(captured)

    for call, expected in ((identity.people, 1), (identity.profiles, 6)):
        assert statements(call, [users[0].id]) == expected
        assert statements(call, [user.id for user in users]) == expected


def test_the_best_workers_are_found_with_what_others_may_know(clock):
    master = worker(
        name="Master",
        skills={PLUMBING: 5},
        at=OSU,
        radius_km=25,
        hourly=cedis(45),
        stars=480,
        level=2,
        headline="Pipes",
    )
    worker(name="Dear", skills={PLUMBING: 5}, at=OSU, hourly=cedis(90), stars=480)
    beginner = worker(name="Beginner", skills={PLUMBING: 1}, at=TEMA, hourly=cedis(20), stars=410)
    wanted = WorkerSearch(
        text="plumer",
        skill_ids=[PLUMBING],
        around=Around(latitude=OSU[0], longitude=OSU[1], radius_km=50),
        max_hourly=cedis(50),
        min_stars=400,
    )
    found = identity.find_workers(wanted=wanted, limit=10)
    assert [each.user_id for each in found] == [master, beginner]
    assert found[0] == FoundWorker(
        user_id=master,
        display_name="Master",
        headline="Pipes",
        skills=[SkillLevel(skill_id=PLUMBING, name="Plumbing", level=5, years=3)],
        distance_km=found[0].distance_km,
        stars=480,
        reviews=10,
        jobs=0,
        verified_level=2,
        score=found[0].score,
    )
    assert found[0].distance_km < 1 < 20 < found[1].distance_km < 25
    assert 1 > found[0].score > found[1].score > 0
    assert [each.user_id for each in identity.find_workers(wanted=wanted, limit=1)] == [master]


def test_of_workers_a_moment_a_language_and_a_level_can_be_asked(clock):
    clock.advance(seconds=(NOW - clock.now()).total_seconds())
    busy = worker(languages="en", level=1)
    free = worker(languages="tw", level=1, hours={"slots": WEEKDAYS})
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def found(**asked) -> set:
        return {each.user_id for each in identity.find_workers(wanted=WorkerSearch(**asked), limit=1_000)}

    assert found() == {busy, free}
    assert found(available_at=monday) == found(languages=["tw"]) == {free}
    assert found(min_level=2) == set()
