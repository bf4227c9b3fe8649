"""What people set over REST, and what obeys it in identity."""

import pytest

from domains.identity.models import Settings
from domains.identity.queries.privacy import privacy_of
from kelmah.interfaces.identity.events import NoticeSettingsChanged, ProfileUpdated
from tests.identity.factories import sign_up
from tests.identity.test_api_registration import pointers
from tests.identity.test_constraints import broken_constraint

pytestmark = pytest.mark.domain("identity")

UNTOUCHED = {
    "language": "en",
    "zone": "Africa/Accra",
    "privacy": {"profile": "everybody", "place": "kilometre", "in_search": True},
    "quiet_hours": None,
    "channels": {topic: ["email"] for topic in ("jobs", "contracts", "money", "reviews", "account")},
    "version": 1,
}


@pytest.fixture
def person(api):
    tokens = sign_up()
    client = api.with_token(tokens.access_token)
    client.id = tokens.user.id
    return client


def change(client, seen=None, **changes):
    seen = seen or client.get("/me/settings").json["version"]
    return client.patch("/me/settings", changes, headers={"If-Match": f'"{seen}"'})


def test_whoever_never_set_anything_has_settings(person):
    answer = person.get("/me/settings")
    assert (answer.status, answer.json, answer.etag) == (200, UNTOUCHED, '"1"')
    assert not Settings.objects.exists()


def test_what_is_named_changes_and_the_rest_stays(person, published):
    answer = change(
        person,
        quiet_hours={"starts": "21:00", "ends": "06:30"},
        channels={"money": ["sms", "email"], "reviews": []},
        privacy={"place": "hidden"},
    )
    wanted = UNTOUCHED | {
        "privacy": {"profile": "everybody", "place": "hidden", "in_search": True},
        "quiet_hours": {"starts": "21:00", "ends": "06:30"},
        "channels": UNTOUCHED["channels"] | {"money": ["email", "sms"], "reviews": []},
        "version": 2,
    }
    assert (answer.status, answer.json, answer.etag) == (200, wanted, '"2"')
    assert person.get("/me/settings").json == wanted
    (event,) = published.of(NoticeSettingsChanged)
    assert (event.mail_off, event.sms_on) == (["reviews"], ["money"])
    assert (event.quiet_from, event.quiet_until) == ("21:00", "06:30")


def test_what_changes_nothing_is_told_to_nobody(person, published):
    assert change(person, channels={"jobs": ["email"]}, quiet_hours=None).json == UNTOUCHED
    assert change(person, privacy={"in_search": False}).json["version"] == 2
    assert published.of(NoticeSettingsChanged) == []


def test_language_and_zone_are_those_of_the_profile(person, published):
    before = person.get("/me/profile").json["version"]
    answer = change(person, language="fr", zone="Europe/Paris")
    assert (answer.json["language"], answer.json["zone"]) == ("fr", "Europe/Paris")
    profile = person.get("/me/profile").json
    assert (profile["locale"], profile["zone"], profile["version"]) == ("fr", "Europe/Paris", before + 1)
    assert [event.locale for event in published.of(ProfileUpdated)] == ["fr"]


def test_quiet_hours_are_taken_back(person):
    change(person, quiet_hours={"starts": "21:00", "ends": "06:30"})
    assert change(person, quiet_hours=None).json["quiet_hours"] is None


def test_a_stale_or_missing_version_changes_nothing(person):
    assert change(person, language="fr").status == 200
    refused = change(person, seen=1, language="tw")
    assert (refused.status, refused.code) == (412, "stale_version")
    assert person.patch("/me/settings", {"language": "tw"}).status == 428
    assert person.get("/me/settings").json["language"] == "fr"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"language": "xx"}, {"/language": "invalid_choice"}),
        ({"zone": "../../etc/passwd"}, {"/zone": "invalid_choice"}),
        ({"privacy": {"profile": "friends"}}, {"/privacy/profile": "invalid_choice"}),
        ({"privacy": {"in_search": "no"}}, {"/privacy/in_search": "invalid"}),
        ({"privacy": {"email": True}}, {"/privacy/email": "unknown_field"}),
        ({"quiet_hours": {"starts": "21:00"}}, {"/quiet_hours/ends": "required"}),
        ({"quiet_hours": {"starts": "24:00", "ends": "06:00"}}, {"/quiet_hours/starts": "invalid"}),
        ({"quiet_hours": {"starts": "9:00", "ends": "06:00"}}, {"/quiet_hours/starts": "invalid"}),
        ({"quiet_hours": {"starts": 21, "ends": "06:00"}}, {"/quiet_hours/starts": "invalid"}),
        ({"quiet_hours": {"starts": "21:00", "ends": "21:00"}}, {"/quiet_hours/ends": "same"}),
        ({"channels": {"jobs": ["pigeon"]}}, {"/channels/jobs/0": "invalid_choice"}),
        ({"channels": {"jobs": "email"}}, {"/channels/jobs": "not_a_list"}),
        ({"channels": {"jobs": ["email", "sms", "email"]}}, {"/channels/jobs": "max_length"}),
        ({"channels": {"weather": ["email"]}}, {"/channels/weather": "unknown_field"}),
        ({"channels": {"account": ["sms"]}}, {"/channels/account": "required"}),
        ({"user_id": "x"}, {"/user_id": "unknown_field"}),
        ({"version": 7}, {"/version": "unknown_field"}),
    ],
)
def test_bad_settings_are_refused_field_by_field(person, changes, expected):
    answer = change(person, seen=1, **changes)
    assert (answer.status, pointers(answer)) == (400, expected)
    assert person.get("/me/settings").json == UNTOUCHED


def test_nobody_has_no_settings(api, principal):
    assert api.anonymous.get("/me/settings").code == "unauthenticated"
    assert api.anonymous.patch("/me/settings", {}).code == "unauthenticated"
    assert api.as_(principal(role="worker")).get("/me/settings").status == 401


# --- privacy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "strangers", "members"), [("everybody", 200, 200), ("members", 404, 200), ("nobody", 404, 404)]
)
def test_a_profile_is_shown_to_whom_its_owner_wants(api, person, audience, strangers, members):
    change(person, privacy={"profile": audience})
    other = api.with_token(sign_up().access_token)
    path = f"/profiles/{person.id}"
    assert [client.get(path).status for client in (api.anonymous, other, person)] == [strangers, members, 200]
    assert api.anonymous.get(f"{path}/companies").status == strangers


def test_a_place_is_told_as_exactly_as_its_owner_wants(api, person):
    place = {"name": "Osu, Accra", "latitude": 5.556012, "longitude": -0.182231}
    version = person.get("/me/profile").json["version"]
    person.patch("/me/profile", {"place": place}, headers={"If-Match": f'"{version}"'})
    seen = []
    for exactness in ("kilometre", "ten_kilometres", "hidden"):
        change(person, privacy={"place": exactness})
        found = api.anonymous.get(f"/profiles/{person.id}").json["place"]
        seen.append(found and (found["latitude"], found["longitude"]))
    assert seen == [(5.56, -0.18), (5.6, -0.2), None]


def test_whoever_hides_the_profile_from_strangers_is_not_in_the_directory(person):
    assert privacy_of([person.id])[person.id].in_search
    change(person, privacy={"profile": "members"})
    assert not privacy_of([person.id])[person.id].in_search
    assert person.get("/me/settings").json["privacy"]["in_search"]  # what they said of it stays


# --- constraints -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("profile_to", "'friends'", "settings_profile_to"),
        ("place_shown", "'street'", "settings_place_shown"),
        ("quiet_from", "'21:00'", "settings_quiet_hours_whole"),
        ("quiet_from = '21:00', quiet_until", "'21:00'", "settings_quiet_hours_whole"),
        ("mail_off", "ARRAY['account']", "settings_mail_off"),
        ("sms_on", "ARRAY['weather']", "settings_sms_on"),
    ],
)
def test_settings_cannot_become_nonsense(person, column, value, constraint):
    change(person, privacy={"in_search": False})
    statement = f"UPDATE identity_settings SET {column} = {value} WHERE user_id = %s"
    assert broken_constraint(statement, person.id) == constraint
