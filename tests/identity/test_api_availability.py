"""When people can work, over REST."""

from datetime import UTC, datetime

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity import actions
from domains.identity.models import Profile
from kelmah.ids import new_id
from tests.identity.factories import principal_of, sign_up

pytestmark = pytest.mark.domain("identity")

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
DAY = {"weekday": 1, "starts": "08:00", "ends": "17:00"}
NIGHT = {"weekday": 7, "starts": "22:00", "ends": "06:00"}  # into Monday
FAMILY = {"first": "2026-12-24", "last": "2027-01-02", "note": "Kumasi"}
FULL = {
    "zone": "Africa/Lagos",
    "slots": [DAY, NIGHT],
    "days_off": [FAMILY],
    "holidays": "GH",
    "paused_until": "2026-12-01T08:00:00Z",
}


def pointers(answer) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in answer.json.get("errors", [])}


@pytest.fixture(autouse=True)
def november(clock):
    clock.advance(seconds=(NOW - clock.now()).total_seconds())


@pytest.fixture
def worker():
    return sign_up(role="worker")


@pytest.fixture
def mine(api, worker):
    return api.as_(principal_of(worker))


@pytest.fixture
def hirer(api):
    return api.as_(principal_of(sign_up(role="hirer")))


def told(answer) -> dict:
    return {name: answer.json[name] for name in FULL}


# --- reading and writing -----------------------------------------------------------------------------------------


def test_at_first_nobody_knows_when(mine):
    answer = mine.get("/me/availability")
    assert (answer.status, answer.etag) == (200, '"1"')
    assert told(answer) == {
        "zone": "Africa/Accra", "slots": [], "days_off": [], "holidays": "", "paused_until": None,
    }  # fmt: skip


def test_what_is_written_is_read_and_is_a_part_of_the_profile(mine):
    answer = mine.patch("/me/availability", FULL, if_match=1)
    assert (answer.status, answer.etag) == (200, '"2"'), answer
    assert told(answer) == told(mine.get("/me/availability")) == FULL
    profile = mine.get("/me/profile")
    assert (profile.etag, profile.json["availability"]) == ('"2"', answer.json)
    assert "availability" not in profile.json["completeness"]["missing"]


def test_the_next_holidays_are_named(mine):
    answer = mine.patch("/me/availability", {"holidays": "GH"}, if_match=1)
    assert {"day": "2027-03-06", "name": "Independence Day"} in answer.json["next_holidays"]
    days = [each["day"] for each in answer.json["next_holidays"]]
    assert days == sorted(days)
    assert "2026-11-21" <= days[0] <= days[-1] <= "2027-11-22"


@pytest.mark.parametrize("part", sorted(FULL))
def test_each_part_is_changed_alone(mine, part):
    mine.patch("/me/availability", FULL, if_match=1)
    other = {"zone": "Europe/Paris", "slots": [], "days_off": [], "holidays": "", "paused_until": None}
    answer = mine.patch("/me/availability", {part: other[part]}, if_match=2)
    assert told(answer) == FULL | {part: other[part]}


def test_the_zone_is_that_of_the_person_until_another_is_named(mine):
    mine.patch("/me/availability", {"slots": [DAY]}, if_match=1)
    mine.patch("/me/profile", {"zone": "Africa/Lagos"}, if_match=2)
    assert mine.get("/me/availability").json["zone"] == "Africa/Lagos"
    mine.patch("/me/availability", {"zone": "Europe/Paris"}, if_match=3)
    mine.patch("/me/profile", {"zone": "Africa/Accra"}, if_match=4)
    assert mine.get("/me/availability").json["zone"] == "Europe/Paris"


def test_a_change_that_changes_nothing_is_no_change(mine):
    mine.patch("/me/availability", FULL, if_match=1)
    assert mine.patch("/me/availability", FULL | {"slots": [NIGHT, DAY]}, if_match=2).etag == '"2"'
    assert mine.patch("/me/availability", {}, if_match=2).etag == '"2"'


def test_a_whole_day_and_a_slot_that_touches_it_are_two_slots(mine):
    slots = [{"weekday": 1, "starts": "00:00", "ends": "00:00"}, {"weekday": 2, "starts": "00:00", "ends": "12:00"}]
    answer = mine.patch("/me/availability", {"slots": slots}, if_match=1)
    assert (answer.status, answer.json["slots"]) == (200, slots), answer


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"zone": "Mars/Base"}, {"/zone": "invalid_choice"}),
        ({"zone": None}, {"/zone": "null"}),
        ({"slots": "always"}, {"/slots": "not_a_list"}),
        ({"slots": [DAY | {"weekday": 0}]}, {"/slots/0/weekday": "min_value"}),
        ({"slots": [DAY | {"weekday": 8}]}, {"/slots/0/weekday": "max_value"}),
        ({"slots": [DAY | {"starts": "24:00"}]}, {"/slots/0/starts": "invalid"}),
        ({"slots": [DAY | {"starts": "8:00"}]}, {"/slots/0/starts": "invalid"}),
        ({"slots": [DAY | {"starts": 480}]}, {"/slots/0/starts": "invalid"}),
        ({"slots": [DAY, DAY | {"starts": "16:59"}]}, {"/slots": "overlap"}),
        ({"slots": [NIGHT, DAY | {"starts": "05:59"}]}, {"/slots": "overlap"}),
        ({"slots": [DAY] * 71}, {"/slots": "max_length"}),
        ({"days_off": [{"first": "2026-12-24"}]}, {"/days_off/0/last": "required"}),
        ({"days_off": [FAMILY | {"last": "2026-12-23"}]}, {"/days_off/0/last": "out_of_range"}),
        ({"days_off": [FAMILY | {"last": "2027-12-25"}]}, {"/days_off/0/last": "out_of_range"}),
        ({"days_off": [FAMILY | {"first": "2026-13-24"}]}, {"/days_off/0/first": "invalid"}),
        ({"days_off": [FAMILY | {"first": 20261224}]}, {"/days_off/0/first": "invalid"}),
        ({"days_off": [FAMILY | {"first": "20261224"}]}, {"/days_off/0/first": "invalid"}),
        ({"days_off": [FAMILY | {"note": "a" * 121}]}, {"/days_off/0/note": "max_length"}),
        ({"days_off": [FAMILY, FAMILY | {"first": "2027-01-02"}]}, {"/days_off/1": "overlap"}),
        ({"holidays": "XX"}, {"/holidays": "invalid_choice"}),
        ({"holidays": None}, {"/holidays": "null"}),
        ({"paused_until": "2026-12-01T08:00:00"}, {"/paused_until": "zone_missing"}),
        ({"paused_until": "soon"}, {"/paused_until": "invalid"}),
        ({"paused_until": "2029-12-01T08:00:00Z"}, {"/paused_until": "out_of_range"}),
        ({"next_holidays": []}, {"/next_holidays": "unknown_field"}),
    ],
)
def test_a_bad_part_is_refused_by_name_and_nothing_changes(mine, change, expected):
    answer = mine.patch("/me/availability", {"holidays": "GH", **change}, if_match=1)
    assert (answer.status, pointers(answer)) == (400, expected), answer
    assert Profile.objects.get().version == 1


# --- who and when ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [(None, 428, "precondition_required"), (2, 412, "stale_version"), ("*", 400, "if_match_malformed")],
)
def test_nobody_overwrites_what_they_have_not_seen(mine, if_match, status, code):
    answer = mine.patch("/me/availability", {"slots": []}, if_match=if_match)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("role", ["hirer", "staff"])
def test_only_workers_have_hours(api, principal, role):
    client = api.as_(principal(role=role))
    assert client.get("/me/availability").code == "wrong_role"
    assert client.patch("/me/availability", {"slots": [DAY]}, if_match=1).code == "wrong_role"


def test_nobody_has_no_hours(api):
    assert api.anonymous.get("/me/availability").code == "unauthenticated"
    assert api.anonymous.patch("/me/availability", {}, if_match=1).code == "unauthenticated"


def test_one_changes_only_ones_own(api, mine, principal):
    stranger = api.as_(principal(role="worker"))
    assert stranger.get("/me/availability").status == 404
    assert stranger.patch("/me/availability", {"slots": [DAY]}, if_match=1).status == 404
    assert mine.get("/me/availability").json["slots"] == []


# --- when somebody is free ---------------------------------------------------------------------------------------


def test_a_hirer_sees_when_a_worker_is_free(mine, hirer, worker):
    mine.patch("/me/availability", FULL, if_match=1)
    asked = "start=2026-11-29T00:00:00Z&end=2026-12-08T00:00:00Z"
    assert hirer.get(f"/profiles/{worker.user.id}/free?{asked}").json == {
        # Lagos is an hour ahead. Before the pause ends there is nothing.
        "free": [
            {"start": "2026-12-06T21:00:00Z", "end": "2026-12-07T05:00:00Z"},
            {"start": "2026-12-07T07:00:00Z", "end": "2026-12-07T16:00:00Z"},
        ]
    }


def test_days_off_and_public_holidays_are_not_free(mine, hirer, worker):
    friday = DAY | {"weekday": 5}
    mine.patch("/me/availability", {"slots": [friday], "days_off": [FAMILY], "holidays": "GH"}, if_match=1)
    # 4 December is Farmers' Day, 25 December and 1 January are off.
    answer = hirer.get(f"/profiles/{worker.user.id}/free?start=2026-12-01T00:00:00Z&end=2027-01-09T00:00:00Z")
    assert [each["start"][:10] for each in answer.json["free"]] == ["2026-12-11", "2026-12-18", "2027-01-08"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", {"/start": "required", "/end": "required"}),
        ("start=2026-12-01T00:00:00Z&end=2026-12-01T00:00:00Z", {"/end": "out_of_range"}),
        ("start=2026-12-01T00:00:00Z&end=2027-02-02T00:00:00Z", {"/end": "out_of_range"}),
        ("start=2026-12-01&end=2026-12-02", {"/start": "zone_missing", "/end": "zone_missing"}),
        ("start=0001-01-01T00:00:00Z&end=0001-01-02T00:00:00Z", {"/start": "out_of_range"}),
        ("start=9999-12-31T00:00:00Z&end=9999-12-31T23:00:00Z", {"/start": "out_of_range"}),
    ],
)
def test_a_question_is_about_some_weeks_of_our_time(hirer, worker, asked, expected):
    answer = hirer.get(f"/profiles/{worker.user.id}/free?{asked}")
    assert (answer.status, pointers(answer)) == (400, expected), answer


def test_free_times_are_for_hirers(api, principal, worker, hirer):
    asked = "free?start=2026-12-01T00:00:00Z&end=2026-12-08T00:00:00Z"
    assert api.anonymous.get(f"/profiles/{worker.user.id}/{asked}").code == "unauthenticated"
    assert api.as_(principal(role="worker")).get(f"/profiles/{worker.user.id}/{asked}").code == "wrong_role"
    assert hirer.get(f"/profiles/{new_id()}/{asked}").status == 404
    actions.suspend_user(user_id=worker.user.id)
    assert hirer.get(f"/profiles/{worker.user.id}/{asked}").status == 404


@pytest.mark.in_process
def test_hours_are_read_in_six_statements_however_many(mine):
    def statements() -> int:
        with CaptureQueriesContext(connections["identity"]) as captured:
            assert mine.get("/me/availability").status == 200
        return len(captured)

    few = statements()
    hours = [
        {"weekday": day, "starts": f"{hour:02}:00", "ends": f"{hour:02}:30"}
        for day in range(1, 8)
        for hour in range(10)
    ]
    assert mine.patch("/me/availability", {"slots": hours}, if_match=1).status == 200
    assert statements() == few == 6
