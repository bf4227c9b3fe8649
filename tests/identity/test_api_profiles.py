"""Profiles over REST."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity import actions
from domains.identity.models import Profile, User
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import ProfileUpdated
from tests.identity.factories import principal_of, sign_up

pytestmark = pytest.mark.domain("identity")

OSU = {"name": "Osu, Accra", "latitude": 5.556123, "longitude": -0.182456}
CARPENTRY = {"skill_id": "47-2031-00-carpentry", "level": 4, "years": 12}
PLUMBING = {"skill_id": "47-2152-00-plumbing", "level": 5, "years": 1}
SHOWN = [
    PLUMBING | {"name": "Plumbing", "verified": False},  # best first
    CARPENTRY | {"name": "Carpentry", "verified": False},
]
JOINER = {"organisation": "Adom Woodworks", "title": "Joiner", "started": "2012-03", "ended": "2019-12", "text": ""}
FOREMAN = {"organisation": "Osu Roofs", "title": "Foreman", "started": "2020-01", "ended": None, "text": "Two\nroofs."}
SCHOOL = {"organisation": "ATTC", "title": "NVTI", "started": "2009-09", "ended": "2011-07", "text": ""}
GHS = {"amount": 4500, "currency": "GHS"}
FULL = {
    "display_name": "Kofi Boateng",
    "locale": "tw",
    "zone": "Africa/Lagos",
    "headline": "Carpenter in Accra",
    "bio": "Cabinets,\ndoors and roofs.",
    "skills": [CARPENTRY, PLUMBING],
    "place": OSU,
    "radius_km": 25,
    "rates": {"hourly": GHS, "daily": None, "visit": {"amount": 90, "currency": "USD"}},
    "languages": [{"code": "en", "level": "fluent"}, {"code": "tw", "level": "native"}],
    "experience": [FOREMAN, JOINER],  # newest first
    "education": [SCHOOL],
}
READ = FULL | {"skills": SHOWN}


def pointers(answer) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in answer.json.get("errors", [])}


@pytest.fixture
def worker():
    return sign_up(role="worker")


@pytest.fixture
def mine(api, worker):
    return api.as_(principal_of(worker))


def content_of(answer) -> dict:
    return {name: answer.json[name] for name in FULL}


# --- reading and writing -----------------------------------------------------------------------------------------


def test_a_new_profile_is_empty_and_says_what_is_missing(mine, worker):
    answer = mine.get("/me/profile")
    assert (answer.status, answer.etag, answer.json["version"]) == (200, '"1"', 1)
    assert answer.json["user_id"] == str(worker.user.id)
    assert answer.json["place"] is answer.json["radius_km"] is None
    assert answer.json["rates"] == {"hourly": None, "daily": None, "visit": None}
    assert answer.json["experience"] == answer.json["education"] == answer.json["portfolio_file_ids"] == []
    assert answer.json["reputation"] == {"stars": None, "reviews": 0}
    assert answer.json["completeness"]["percent"] == 0
    assert answer.json["completeness"]["missing"][0] == "skills"


def test_what_is_written_is_read(mine, published, worker):
    answer = mine.patch("/me/profile", FULL, if_match=1)
    assert (answer.status, answer.etag) == (200, '"2"')
    assert content_of(answer) == READ
    assert answer.json["completeness"] == {"percent": 85, "missing": ["availability", "portfolio"]}
    assert content_of(mine.get("/me/profile")) == content_of(answer)
    (event,) = published.of(ProfileUpdated)
    assert event == ProfileUpdated(
        user_id=worker.user.id, display_name="Kofi Boateng", locale="tw", zone="Africa/Lagos"
    )


@pytest.mark.parametrize("part", sorted(FULL))
def test_each_part_is_changed_alone_and_the_others_stay(mine, part):
    mine.patch("/me/profile", FULL, if_match=1)
    other = {
        "display_name": "Kofi B.", "locale": "ga", "zone": "UTC", "headline": "", "bio": "", "skills": [PLUMBING],
        "place": OSU | {"name": "Labone"}, "radius_km": None, "rates": {"daily": GHS}, "languages": [],
        "experience": [JOINER], "education": [],
    }  # fmt: skip
    shown = {"skills": SHOWN[:1], "rates": {"hourly": None, "daily": GHS, "visit": None}}
    answer = mine.patch("/me/profile", {part: other[part]}, if_match=2)
    assert answer.status == 200, answer
    assert content_of(answer) == READ | {part: (other | shown)[part]}
    assert answer.json["version"] == 3


def test_a_change_that_changes_nothing_is_no_change(mine, published):
    mine.patch("/me/profile", FULL, if_match=1)
    answer = mine.patch(
        "/me/profile", FULL | {"skills": [PLUMBING, CARPENTRY], "experience": [JOINER, FOREMAN]}, if_match=2
    )
    assert (answer.status, answer.etag) == (200, '"2"')
    assert mine.patch("/me/profile", {}, if_match=2).etag == '"2"'
    assert len(published.of(ProfileUpdated)) == 1


def test_the_place_goes_together_with_the_area_around_it(mine):
    mine.patch("/me/profile", FULL, if_match=1)
    assert pointers(mine.patch("/me/profile", {"place": None}, if_match=2)) == {"/radius_km": "place_missing"}
    answer = mine.patch("/me/profile", {"place": None, "radius_km": None}, if_match=2)
    assert (answer.json["place"], answer.json["radius_km"]) == (None, None)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"display_name": "a\nb"}, {"/display_name": "invalid"}),
        ({"display_name": None}, {"/display_name": "null"}),
        ({"locale": "de"}, {"/locale": "invalid_choice"}),
        ({"zone": "Mars/Base"}, {"/zone": "invalid_choice"}),
        ({"headline": "a" * 121}, {"/headline": "max_length"}),
        ({"headline": "two\nlines"}, {"/headline": "hidden_characters"}),
        ({"headline": "\u202egnp"}, {"/headline": "hidden_characters"}),
        ({"bio": "a" * 5001}, {"/bio": "max_length"}),
        ({"bio": "a\u0000"}, {"/bio": "null_characters_not_allowed"}),
        ({"bio": 5}, {"/bio": "invalid"}),
        ({"skills": "carpentry"}, {"/skills": "not_a_list"}),
        ({"skills": [CARPENTRY] * 2}, {"/skills": "not_unique"}),
        ({"skills": [CARPENTRY | {"level": 6}]}, {"/skills/0/level": "max_value"}),
        ({"skills": [CARPENTRY | {"level": "4"}]}, {"/skills/0/level": "invalid"}),
        ({"skills": [CARPENTRY, PLUMBING | {"years": -1}]}, {"/skills/1/years": "min_value"}),
        ({"skills": [CARPENTRY | {"skill_id": "Not A Slug"}]}, {"/skills/0/skill_id": "invalid"}),
        ({"skills": [CARPENTRY | {"verified": True}]}, {"/skills/0/verified": "unknown_field"}),
        ({"skills": [CARPENTRY | {"name": "King of wood"}]}, {"/skills/0/name": "unknown_field"}),
        ({"skills": [PLUMBING, CARPENTRY | {"skill_id": "alchemy"}]}, {"/skills/1/skill_id": "unknown_skill"}),
        ({"skills": [{}]}, {f"/skills/0/{name}": "required" for name in CARPENTRY}),
        ({"skills": [CARPENTRY | {"skill_id": f"s-{n}"} for n in range(51)]}, {"/skills": "max_length"}),
        ({"place": {"name": "Osu"}}, {"/place/latitude": "required", "/place/longitude": "required"}),
        ({"place": OSU | {"latitude": 90.1}}, {"/place/latitude": "max_value"}),
        ({"place": OSU | {"longitude": "0"}}, {"/place/longitude": "invalid"}),
        ({"place": OSU | {"name": ""}}, {"/place/name": "blank"}),
        ({"radius_km": 0}, {"/radius_km": "min_value"}),
        ({"radius_km": 501}, {"/radius_km": "max_value"}),
        ({"radius_km": 5.5}, {"/radius_km": "invalid"}),
        ({"radius_km": 5}, {"/radius_km": "place_missing"}),
        ({"rates": {"hourly": GHS | {"amount": 0}}}, {"/rates/hourly/amount": "too_small"}),
        ({"rates": {"daily": GHS | {"amount": 10**10}}}, {"/rates/daily/amount": "too_large"}),
        ({"rates": {"visit": GHS | {"currency": "XXX"}}}, {"/rates/visit/currency": "unknown_currency"}),
        ({"rates": {"hourly": 45}}, {"/rates/hourly": "invalid"}),
        ({"rates": {"weekly": GHS}}, {"/rates/weekly": "unknown_field"}),
        ({"rates": None}, {"/rates": "null"}),
        ({"languages": ["en"]}, {"/languages/0": "invalid"}),
        ({"languages": [{"code": "english", "level": "fluent"}]}, {"/languages/0/code": "max_length"}),
        ({"languages": [{"code": "E1", "level": "fluent"}]}, {"/languages/0/code": "invalid"}),
        ({"languages": [{"code": "en", "level": "so-so"}]}, {"/languages/0/level": "invalid_choice"}),
        ({"languages": [{"code": "en"}]}, {"/languages/0/level": "required"}),
        (
            {"languages": [{"code": "en", "level": "basic"}, {"code": "en", "level": "fluent"}]},
            {"/languages": "not_unique"},
        ),
        ({"experience": [JOINER | {"started": "2012"}]}, {"/experience/0/started": "invalid"}),
        ({"experience": [JOINER | {"started": "2012-13"}]}, {"/experience/0/started": "invalid"}),
        ({"experience": [JOINER | {"ended": "2012-02"}]}, {"/experience/0/ended": "ends_first"}),
        ({"experience": [JOINER | {"started": "2099-01", "ended": None}]}, {"/experience/0/started": "in_the_future"}),
        ({"experience": [JOINER | {"ended": "2099-01"}]}, {"/experience/0/ended": "in_the_future"}),
        ({"experience": [JOINER | {"title": ""}]}, {"/experience/0/title": "blank"}),
        (
            {"experience": [JOINER | {"organisation": "a\u0000"}]},
            {"/experience/0/organisation": "null_characters_not_allowed"},
        ),
        ({"experience": [JOINER] * 31}, {"/experience": "max_length"}),
        ({"education": [{}]}, {f"/education/0/{name}": "required" for name in ("organisation", "title", "started")}),
        ({"education": [SCHOOL | {"text": "a" * 2001}]}, {"/education/0/text": "max_length"}),
        ({"portfolio_file_ids": ["x"]}, {"/portfolio_file_ids/0": "invalid"}),
        ({"portfolio_file_ids": [str(new_id())] * 51}, {"/portfolio_file_ids": "max_length"}),
        ({"availability": {}, "jobs": 3}, {"/availability": "unknown_field", "/jobs": "unknown_field"}),
        ({"verified_level": 3, "completeness": 100}, {"/verified_level": "unknown_field"}),
        ({"stars": 500}, {"/stars": "unknown_field"}),
        ({"reputation": {"stars": "5.00"}}, {"/reputation": "unknown_field"}),
        ({"role": "staff"}, {"/role": "unknown_field"}),
        ({"user_id": "x", "version": 9}, {"/user_id": "unknown_field", "/version": "unknown_field"}),
    ],
)
def test_a_bad_part_is_refused_by_name_and_nothing_changes(mine, change, expected, published):
    answer = mine.patch("/me/profile", {"headline": "Lost?", **change}, if_match=1)
    assert (answer.status, pointers(answer).items() >= expected.items()) == (400, True), answer
    assert Profile.objects.get().version == 1
    assert published.of(ProfileUpdated) == []


@pytest.mark.parametrize("part", ["skills", "rates", "experience", "education"])
def test_a_hirer_has_nothing_of_a_worker(api, part):
    hirer = api.as_(principal_of(sign_up(role="hirer")))
    assert pointers(hirer.patch("/me/profile", {part: FULL[part]}, if_match=1)) == {f"/{part}": "workers_only"}
    answer = hirer.patch("/me/profile", {"headline": "Hotel in Osu", "place": OSU, "skills": []}, if_match=1)
    assert answer.json["completeness"]["missing"] == ["bio", "languages"]


# --- who and when ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [
        (None, 428, "precondition_required"),
        (2, 412, "stale_version"),
        (0, 412, "stale_version"),
        ("*", 400, "if_match_malformed"),
        ('W/"1"', 400, "if_match_malformed"),
        ("1", 400, "if_match_malformed"),
    ],
)
def test_nobody_overwrites_what_they_have_not_seen(mine, if_match, status, code):
    answer = mine.patch("/me/profile", {"headline": "Lost?"}, if_match=if_match)
    assert (answer.status, answer.code) == (status, code)
    assert Profile.objects.get().headline == ""


def test_nobody_has_no_profile(api):
    assert api.anonymous.get("/me/profile").code == "unauthenticated"
    assert api.anonymous.patch("/me/profile", {}, if_match=1).code == "unauthenticated"


def test_staff_have_no_profile(api, principal):
    client = api.as_(principal(role="staff"))
    assert client.get("/me/profile").code == "wrong_role"
    assert client.patch("/me/profile", {"headline": "x"}, if_match=1).code == "wrong_role"


def test_one_edits_only_ones_own(api, mine, principal):
    stranger = api.as_(principal(role="worker"))
    assert stranger.get("/me/profile").status == 404
    assert stranger.patch("/me/profile", {"headline": "Mine now"}, if_match=1).status == 404
    assert mine.get("/me/profile").json["headline"] == ""


# --- what others see ---------------------------------------------------------------------------------------------


def test_everybody_sees_the_public_profile_without_address_and_phone(api, mine, worker):
    mine.patch("/me/profile", FULL, if_match=1)
    actions.record_reputation(user_id=worker.user.id, stars=437, reviews=12)
    answer = api.anonymous.get(f"/profiles/{worker.user.id}")
    assert answer.status == 200
    assert answer.json == {
        "user_id": str(worker.user.id),
        "display_name": "Kofi Boateng",
        "role": "worker",
        "headline": FULL["headline"],
        "bio": FULL["bio"],
        "skills": SHOWN,
        "place": {"name": "Osu, Accra", "latitude": 5.56, "longitude": -0.18},  # about a kilometre, not the door
        "radius_km": 25,
        "rates": FULL["rates"],
        "languages": FULL["languages"],
        "experience": FULL["experience"],
        "education": FULL["education"],
        "portfolio_file_ids": [],
        "availability": None,
        "reputation": {"stars": "4.37", "reviews": 12},
        "jobs": 0,
        "verified_level": 0,
    }
    assert worker.user.email not in answer.raw.content.decode()


def test_hirers_see_when_somebody_can_work_and_others_do_not(api, mine, worker, principal):
    slot = {"weekday": 1, "starts": "08:00", "ends": "17:00"}
    off = {"first": "2026-12-24", "last": "2027-01-02"}
    mine.patch("/me/availability", {"slots": [slot], "days_off": [off | {"note": "Kumasi"}]}, if_match=1)
    address = f"/profiles/{worker.user.id}"
    told = api.as_(principal(role="hirer")).get(address)
    assert told.json["availability"]["slots"] == [slot]
    assert told.json["availability"]["days_off"] == [off]
    assert "Kumasi" not in told.raw.content.decode()
    for other in (api.anonymous, api.as_(principal(role="worker")), api.as_(principal(role="staff"))):
        assert other.get(address).json == told.json | {"availability": None}


@pytest.mark.parametrize("seen_by", ["hirer", "everybody"])
def test_the_preview_is_what_they_see(api, mine, worker, principal, seen_by):
    mine.patch("/me/profile", FULL, if_match=1)
    mine.patch("/me/availability", {"slots": [{"weekday": 1, "starts": "08:00", "ends": "17:00"}]}, if_match=2)
    theirs = api.as_(principal(role="hirer")) if seen_by == "hirer" else api.anonymous
    preview = mine.get(f"/me/profile/preview?seen_by={seen_by}")
    assert preview.json == theirs.get(f"/profiles/{worker.user.id}").json
    assert preview.json["place"]["latitude"] == 5.56


def test_a_preview_is_for_members_and_of_oneself(api, mine, principal):
    assert pointers(mine.get("/me/profile/preview")) == {"/seen_by": "required"}
    assert pointers(mine.get("/me/profile/preview?seen_by=staff")) == {"/seen_by": "invalid_choice"}
    assert api.anonymous.get("/me/profile/preview?seen_by=hirer").code == "unauthenticated"
    assert api.as_(principal(role="staff")).get("/me/profile/preview?seen_by=hirer").code == "wrong_role"
    assert api.as_(principal(role="worker")).get("/me/profile/preview?seen_by=hirer").status == 404


@pytest.mark.parametrize(("stars", "shown"), [(100, "1.00"), (405, "4.05"), (500, "5.00")])
def test_stars_are_shown_with_two_digits(api, worker, stars, shown):
    actions.record_reputation(user_id=worker.user.id, stars=stars, reviews=1)
    assert api.anonymous.get(f"/profiles/{worker.user.id}").json["reputation"]["stars"] == shown


def test_unknown_and_suspended_members_look_alike(api, worker):
    User.objects.update(status="suspended")
    unknown = api.anonymous.get(f"/profiles/{new_id()}")
    suspended = api.anonymous.get(f"/profiles/{worker.user.id}")
    assert unknown.status == suspended.status == 404
    assert unknown.json["detail"] == suspended.json["detail"]
    assert api.anonymous.get("/profiles/not-an-id").status == 404


@pytest.mark.in_process
def test_a_profile_takes_eight_statements_however_long_it_is(api, mine, worker):
    def statements() -> int:
        with CaptureQueriesContext(connections["identity"]) as captured:
            assert api.anonymous.get(f"/profiles/{worker.user.id}").status == 200
        return len(captured)

    few = statements()
    mine.patch("/me/profile", FULL | {"experience": [JOINER] * 30, "education": [SCHOOL] * 30}, if_match=1)
    assert statements() == few == 8
