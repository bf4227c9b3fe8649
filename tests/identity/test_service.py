"""What identity tells the other domains, directly and over the wire."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity import actions, rules
from domains.identity.rules.profiles import Rates
from kelmah.ids import new_id
from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.identity.types import Person, Profile, SkillLevel
from kelmah.money import Money
from tests.identity.factories import sign_up, staff

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
