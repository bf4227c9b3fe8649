"""The search of workers over REST: who is found, in which order, page by page."""

from datetime import date
from urllib.parse import quote

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity import actions
from domains.identity.models import RankWeights
from domains.identity.rules.availability import TimeOff
from kelmah.money import Money
from tests.identity.workers import CARPENTRY, KUMASI, NOW, OSU, PLUMBING, TEMA, TILING, WEEKDAYS, cedis, worker

pytestmark = pytest.mark.domain("identity")


@pytest.fixture(autouse=True)
def a_saturday(clock):
    clock.advance(seconds=(NOW - clock.now()).total_seconds())


def pointers(answer) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in answer.json.get("errors", [])}


@pytest.fixture
def find(api):
    """Asks as nobody: names in the order found."""

    def ask(query: str = "") -> list[str]:
        answer = api.anonymous.get(f"/workers?{query}")
        assert answer.status == 200, answer
        assert answer.json["total"] == {"value": len(answer.json["items"]), "relation": "eq"}
        return [item["display_name"] for item in answer.json["items"]]

    return ask


def near(point: tuple[float, float]) -> str:
    return f"near={point[0]},{point[1]}"


# --- who is found ------------------------------------------------------------------------------------------------


def test_everybody_may_search_and_sees_no_more_than_the_public_profile(api, principal):
    user_id = worker(
        name="Kofi", at=(5.556123, -0.182456), radius_km=25, hourly=cedis(45), headline="Doors", bio="b" * 300
    )
    mine = api.anonymous.get("/workers").json
    (found,) = mine["items"]
    public = api.anonymous.get(f"/profiles/{user_id}").json
    for name in ("user_id", "display_name", "headline", "skills", "place", "rates", "languages", "reputation", "jobs"):
        assert found[name] == public[name], name
    assert (found["excerpt"], found["distance_km"], found["place"]["latitude"]) == ("b" * 240, None, 5.56)
    for role in ("worker", "hirer", "staff"):
        assert api.as_(principal(role=role)).get("/workers").json == mine


def test_nobody_is_found_in_an_empty_directory(find):
    assert find() == find("q=carpenter") == find(f"skill={PLUMBING}") == []


def test_who_may_not_be_found_is_not(find):
    gone = worker(name="Gone")
    worker(name="Here")
    actions.suspend_user(user_id=gone)
    assert find() == ["Here"]


def test_skills_any_of_them_and_best_who_has_more_and_better(find):
    worker(name="Both", skills={CARPENTRY: 5, PLUMBING: 5})
    worker(name="Master", skills={PLUMBING: 5})
    worker(name="Beginner", skills={PLUMBING: 1})
    worker(name="Tiler", skills={TILING: 5})
    assert find(f"skill={PLUMBING}&skill={CARPENTRY}") == ["Both", "Master", "Beginner"]
    assert find(f"skill={TILING}") == ["Tiler"]
    assert find("skill=no-such-skill") == []


def test_words_any_of_them_in_names_skills_and_stories(find):
    worker(name="Ama Headline", headline="Staircases and doors")
    worker(name="Kofi Story", bio="Mostly staircases.", skills={PLUMBING: 3})
    worker(name="Esi Mensah", skills={TILING: 3})
    assert find("q=staircase") == ["Ama Headline", "Kofi Story"]
    found = find("q=staircase+mensah")
    assert (set(found[:2]), found[2:]) == ({"Ama Headline", "Esi Mensah"}, ["Kofi Story"])
    assert find("q=pipefitter") == ["Kofi Story"]  # a synonym of plumbing
    assert find("q=horologist") == []


@pytest.mark.parametrize("written", ["plumer", "PLUMMER", "plumbr", "plumbers", "pluming"])
def test_a_mistyped_word_finds_what_was_meant(find, written):
    worker(name="Plumber", skills={PLUMBING: 3})
    worker(name="Carpenter")
    assert find(f"q={written}") == ["Plumber"]


def test_a_word_that_somebody_has_is_no_mistake(find):
    worker(name="Plummer", skills={TILING: 3})
    worker(name="Kofi", skills={PLUMBING: 3})
    assert find("q=plummer") == ["Plummer"]


@pytest.mark.parametrize("words", ["'", "a' | 'b", "\\", "%", "!!", "&|", "((", "<->", "q:*", "  ", "🔧", "%(x)s"])
def test_words_are_words_and_never_operators(find, words):
    worker(name="Kofi")
    assert find(f"q={quote(words)}") in ([], ["Kofi"])


def test_a_place_finds_those_near_whose_own_area_reaches_it(find):
    worker(name="Osu", at=OSU, radius_km=5)
    worker(name="Tema far", at=TEMA, radius_km=25)
    worker(name="Tema stays", at=TEMA, radius_km=10)
    worker(name="Anywhere", at=TEMA)
    worker(name="Kumasi", at=KUMASI, radius_km=500)
    worker(name="Nowhere")
    assert find(f"{near(OSU)}&sort=distance")[0] == "Osu"
    assert set(find(near(OSU))) == {"Osu", "Anywhere", "Tema far"}
    assert set(find(f"{near(OSU)}&radius_km=500")) == {"Osu", "Tema far", "Anywhere", "Kumasi"}
    assert find(f"{near(OSU)}&radius_km=1") == ["Osu"]


@pytest.mark.parametrize(
    ("here", "there"), [((0.0, 179.95), (0.0, -179.95)), ((89.99, 0.0), (89.99, 180.0)), ((-60, 10), (-60, 10.1))]
)
def test_the_date_line_and_the_poles_are_places_like_others(api, here, there):
    worker(name="There", at=there)
    (found,) = api.anonymous.get(f"/workers?{near(here)}&radius_km=12").json["items"]
    assert 2 < found["distance_km"] < 12


def test_a_rate_is_compared_in_its_currency_and_kind(find):
    worker(name="Cheap", hourly=cedis(30))
    worker(name="Dear", hourly=cedis(90))
    worker(name="Dollars", hourly=Money(3000, "USD"))
    worker(name="Silent")
    assert find("currency=GHS&max_rate=5000") == ["Cheap"]
    assert find("currency=GHS&min_rate=5000") == ["Dear"]
    assert find("currency=GHS&sort=rate") == ["Cheap", "Dear"]
    assert find("currency=USD") == ["Dollars"]
    assert find("currency=GHS&rate_kind=daily") == []


def test_stars_levels_and_languages(find):
    worker(name="Best", stars=480, level=3, languages="en tw")
    worker(name="Good", stars=450, level=1, languages="tw")
    worker(name="New", languages="ga")
    assert find("min_stars=4.5") == ["Best", "Good"]
    assert find("min_stars=4.51") == ["Best"]
    assert find("min_level=2") == ["Best"]
    assert find("language=en") == ["Best"]
    assert set(find("language=ga&language=en")) == {"Best", "New"}
    assert find("sort=rating") == ["Best", "Good", "New"]


# --- when they can work ------------------------------------------------------------------------------------------


def test_a_moment_finds_those_who_are_free_then_by_their_own_clock(find):
    worker(name="Accra", hours={"slots": WEEKDAYS})
    worker(name="New York", hours={"slots": WEEKDAYS, "zone": "America/New_York"})
    worker(name="Unsaid")
    assert find("available_at=2026-11-23T08:00:00Z") == ["Accra"]
    assert find("available_at=2026-11-23T21:59:59Z") == ["New York"]
    assert set(find("available_at=2026-11-23T15:00:00Z")) == {"Accra", "New York"}
    assert find("available_at=2026-11-23T08:00:00-05:00") == find("available_at=2026-11-23T13:00:00Z")


def test_a_date_finds_those_who_work_at_some_hour_of_it(find):
    christmas = TimeOff(first=date(2026, 12, 24), last=date(2027, 1, 2))
    worker(name="Always", hours={"slots": WEEKDAYS})
    worker(name="Away", hours={"slots": WEEKDAYS, "days_off": [christmas]})
    worker(name="Keeps holidays", hours={"slots": WEEKDAYS, "holidays": "GH"})
    assert set(find("available_on=2026-12-23")) == {"Always", "Away", "Keeps holidays"}
    assert set(find("available_on=2026-12-24")) == {"Always", "Keeps holidays"}
    assert find("available_on=2026-12-25") == ["Always"]
    assert find("available_on=2026-12-26") == []  # a Saturday


def test_who_pauses_is_found_for_the_time_after(find):
    worker(name="Paused", hours={"slots": WEEKDAYS, "paused_until": NOW.replace(month=12, day=1)})
    assert find() == find("available_on=2026-11-30") == find("available_at=2026-11-30T09:00:00Z") == []
    assert find("available_on=2026-12-01") == find("available_at=2026-12-01T09:00:00Z") == ["Paused"]


def test_a_pause_ends_by_itself(find, clock):
    worker(name="Paused", hours={"paused_until": NOW.replace(month=12, day=1)})
    assert find() == []
    clock.advance(days=10)
    assert find() == ["Paused"]


# --- in which order ----------------------------------------------------------------------------------------------


def test_the_best_come_first_and_say_why(api):
    worker(name="New")
    worker(name="Starred", stars=400)
    worker(name="Verified", level=3)
    worker(name="Both", stars=400, level=3)
    items = api.anonymous.get("/workers").json["items"]
    assert [item["display_name"] for item in items] == ["Both", "Starred", "Verified", "New"]
    assert items[0]["rank"] == {
        "score": 0.72, "match": None, "match_weight": 0,
        "terms": {"rating": 0.32, "verified": 0.25, "jobs": 0, "recency": 0.15}, "version": 1,
    }  # fmt: skip


def test_with_words_the_score_is_made_of_the_match_and_the_rank(api):
    worker(name="Ama", headline="Staircase", stars=500)
    (item,) = api.anonymous.get("/workers?q=staircase").json["items"]
    rank = item["rank"]
    assert rank["match_weight"] == 0.6
    assert rank["match"] == pytest.approx(1, abs=0.001)  # the one word, in the headline
    assert rank["score"] == pytest.approx(0.6 * rank["match"] + 0.4 * sum(rank["terms"].values()), abs=0.001)


def test_who_fits_better_comes_before_who_stands_better(find):
    worker(name="Stands", bio="Once made a staircase.", stars=500, level=3)
    worker(name="Fits", headline="Staircases")
    assert find("q=staircase") == ["Fits", "Stands"]


# --- page by page ------------------------------------------------------------------------------------------------


def test_pages_carry_on_where_the_one_before_ended(api):
    for number in range(7):
        worker(name=f"K{number}", stars=400 if number % 2 else 0)
    address, seen = "/workers?limit=3", []
    for expected in (3, 3, 1):
        answer = api.anonymous.get(address)
        assert (len(answer.json["items"]), answer.json["total"]) == (expected, {"value": 7, "relation": "eq"})
        seen += [item["user_id"] for item in answer.json["items"]]
        address = f"/workers?limit=3&cursor={answer.json['next']}"
    assert answer.json["next"] is None
    assert "Link" not in answer.headers
    everybody = api.anonymous.get("/workers?limit=100").json["items"]
    assert seen == [item["user_id"] for item in everybody]


def test_a_page_goes_on_with_the_words_of_the_first(api):
    for number in range(3):
        worker(name=f"P{number}", skills={PLUMBING: 3})
    first = api.anonymous.get("/workers?q=plumer&limit=2").json
    worker(name="Plumer", skills={TILING: 3})  # from now on that is a word
    second = api.anonymous.get(f"/workers?q=plumer&limit=2&cursor={first['next']}").json
    assert {item["display_name"] for item in first["items"] + second["items"]} == {"P0", "P1", "P2"}


@pytest.mark.parametrize("change", ["q=tiler", "sort=rating", "limit=2&min_level=1", f"skill={PLUMBING}"])
def test_a_cursor_belongs_to_its_question_and_its_reader(api, principal, change):
    for _ in range(3):
        worker()
    cursor = api.anonymous.get("/workers?limit=2").json["next"]
    assert api.anonymous.get(f"/workers?limit=1&cursor={cursor}").status == 200
    assert api.anonymous.get(f"/workers?{change}&cursor={cursor}").code == "cursor_invalid"
    assert api.as_(principal(role="hirer")).get(f"/workers?cursor={cursor}").code == "cursor_invalid"
    assert api.anonymous.get(f"/workers?cursor={cursor[:-2]}").code == "cursor_invalid"


def test_new_weights_end_the_cursors_of_the_old(api):
    for _ in range(3):
        worker()
    cursor = api.anonymous.get("/workers?limit=2").json["next"]
    RankWeights.objects.create(
        version=2, rating=1_000, verified=2_000, jobs=3_000, recency=4_000, match=5_000, jobs_full=9, recency_days=30,
        reason="A trial.", made_at=NOW,
    )  # fmt: skip
    assert api.anonymous.get(f"/workers?limit=2&cursor={cursor}").code == "cursor_invalid"


@pytest.mark.in_process
@pytest.mark.parametrize("query", ["", "q=plumber+osu", f"skill={CARPENTRY}", f"{near(OSU)}&sort=distance"])
def test_a_page_takes_as_many_statements_for_one_as_for_many(api, query):
    worker(name="First", at=OSU)

    def statements() -> int:
        with CaptureQueriesContext(connections["identity"]) as captured:
            assert api.anonymous.get(f"/workers?{query}").status == 200
        return len(captured)

    few = statements()
    for _ in range(8):
        worker(at=OSU)
    assert statements() == few <= 3


# --- what cannot be asked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=" + "a" * 201, {"/q": "max_length"}),
        ("&".join(f"skill=s{n}" for n in range(11)), {"/skill": "max_length"}),
        ("near=5.556", {"/near": "invalid"}),
        ("near=91,0", {"/near": "out_of_range"}),
        ("near=nan,nan", {"/near": "invalid"}),
        ("radius_km=5", {"/near": "required"}),
        (f"{near(OSU)}&radius_km=501", {"/radius_km": "max_value"}),
        ("sort=distance", {"/near": "required"}),
        ("sort=rate", {"/currency": "required"}),
        ("sort=name", {"/sort": "invalid_choice"}),
        ("max_rate=5", {"/currency": "required"}),
        ("currency=GHS&min_rate=6&max_rate=5", {"/max_rate": "out_of_range"}),
        ("currency=XXX", {"/currency": "invalid_choice"}),
        ("rate_kind=weekly", {"/rate_kind": "invalid_choice"}),
        ("min_stars=5.1", {"/min_stars": "out_of_range"}),
        ("min_stars=4.555", {"/min_stars": "invalid"}),
        ("min_level=4", {"/min_level": "max_value"}),
        ("language=english", {"/language/0": "invalid"}),
        ("available_at=2026-11-23T08:00:00", {"/available_at": "zone_missing"}),
        ("available_at=2027-11-23T08:00:00Z", {"/available_at": "out_of_range"}),
        ("available_at=0001-01-01T00:00:00Z", {"/available_at": "out_of_range"}),
        ("available_on=2028-01-01", {"/available_on": "out_of_range"}),
        ("available_on=soon", {"/available_on": "invalid"}),
        ("limit=101", {"/limit": "max_value"}),
        ("order=rank", {"/order": "unknown_field"}),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(api, query, expected):
    answer = api.anonymous.get(f"/workers?{query}")
    assert (answer.status, pointers(answer)) == (400, expected), answer
