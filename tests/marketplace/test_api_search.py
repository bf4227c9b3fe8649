"""Finding jobs: GET /jobs, with words, filters, around a point, page by page."""

from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.marketplace.models import Job
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import ApiClient
from tests.marketplace.factories import CABINETS, JobFactory

pytestmark = pytest.mark.domain("marketplace")


def ids(answer: Any) -> list[str]:
    assert answer.status == 200, answer
    return [item["id"] for item in answer.json["items"]]


def named(*jobs: Job) -> list[str]:
    return [str(job.id) for job in jobs]


def ago(**span: float) -> dict[str, Any]:
    return {"created_at": kelmah_clock.now() - timedelta(**span)}


class TestFeed:
    def test_without_words_the_newest_open_job_comes_first(self, api: ApiClient) -> None:
        old, new = JobFactory(**ago(days=2)), JobFactory(**ago(days=1))
        assert ids(api.anonymous.get("/jobs")) == named(new, old)

    def test_blank_words_are_no_words(self, api: ApiClient) -> None:
        job = JobFactory()
        assert ids(api.anonymous.get("/jobs", q="  &| ")) == named(job)

    @pytest.mark.parametrize("state", ["draft", "paused", "closed", "filled", "expired", "removed"])
    def test_only_open_jobs_are_found(self, api: ApiClient, state: str) -> None:
        JobFactory(state=state)
        assert ids(api.anonymous.get("/jobs")) == []
        assert ids(api.anonymous.get("/jobs", q="kitchen cabinets")) == []

    @pytest.mark.parametrize("visibility", ["private", "invite_only"])
    def test_a_hidden_job_is_found_by_nobody_not_even_its_hirer(
        self, api: ApiClient, principal: Callable[..., Principal], visibility: str
    ) -> None:
        job = JobFactory(visibility=visibility)
        for client in (api.anonymous, api.as_(principal("hirer", user_id=job.hirer_id)), api.as_(principal("worker"))):
            assert ids(client.get("/jobs")) == []
            assert ids(client.get("/jobs", q="kitchen")) == []

    def test_a_card_says_what_the_job_itself_says(self, api: ApiClient) -> None:
        job = JobFactory(in_osu=True, asks_for=[CABINETS], description="x" * 300)
        (card,) = api.anonymous.get("/jobs").json["items"]
        whole = api.anonymous.get(f"/jobs/{job.id}").json
        assert {**card, "published_at": 0, "expires_at": 0} == {
            **{name: whole[name] for name in card if name in whole},
            "excerpt": "x" * 240,
            "distance_km": None,
            "published_at": 0,
            "expires_at": 0,
        }
        assert card["published_at"].endswith("Z")
        assert card["skills"] == [{"id": CABINETS, "name": "Cabinet Installer"}]

    def test_the_hirer_sees_what_they_may_do(self, api: ApiClient, principal: Callable[..., Principal]) -> None:
        job = JobFactory()
        mine = api.as_(principal("hirer", user_id=job.hirer_id)).get("/jobs").json["items"]
        others = api.as_(principal("hirer")).get("/jobs").json["items"]
        assert mine[0]["available_transitions"] == ["close", "edit", "pause"]
        assert others[0]["available_transitions"] == []

    def test_the_total_is_counted(self, api: ApiClient) -> None:
        JobFactory.create_batch(3)
        assert api.anonymous.get("/jobs", limit=2).json["total"] == {"value": 3, "relation": "eq"}
        assert api.anonymous.get("/jobs", q="cabinet", limit=2).json["total"] == {"value": 3, "relation": "eq"}

    def test_the_total_stops_at_a_thousand(self, api: ApiClient) -> None:
        Job.objects.bulk_create(JobFactory.build() for _ in range(1002))
        assert api.anonymous.get("/jobs", limit=1).json["total"] == {"value": 1000, "relation": "gte"}
        assert api.anonymous.get("/jobs", limit=1, q="cabinet").json["total"] == {"value": 1000, "relation": "gte"}


class TestWords:
    def test_a_job_with_any_of_the_words_is_found(self, api: ApiClient) -> None:
        job = JobFactory(title="Plumber for a leaking sink")
        assert ids(api.anonymous.get("/jobs", q="emergency plumbing, tap or sink")) == named(job)

    def test_more_of_the_words_is_better(self, api: ApiClient) -> None:
        one = JobFactory(title="Paint a fence", description="Green, two coats.")
        both = JobFactory(title="Paint a kitchen", description="White, two coats.", **ago(days=3))
        assert ids(api.anonymous.get("/jobs", q="paint kitchen")) == named(both, one)

    def test_the_title_counts_more_than_skills_and_they_more_than_the_description(self, api: ApiClient) -> None:
        described = JobFactory(title="Help wanted", description="You will work as a cabinet installer for us.")
        skilled = JobFactory(title="Help wanted", description="Some work.", asks_for=[CABINETS], **ago(days=1))
        titled = JobFactory(title="Cabinet installer", description="Some work.", **ago(days=2))
        JobFactory(title="Bookkeeper", description="Some books.")
        assert ids(api.anonymous.get("/jobs", q="cabinet installer")) == named(titled, skilled, described)

    def test_of_two_alike_the_newer_comes_first(self, api: ApiClient) -> None:
        old = JobFactory(title="Weld a gate", **ago(days=20))
        new = JobFactory(title="Weld a gate", **ago(days=1))
        assert ids(api.anonymous.get("/jobs", q="weld gate")) == named(new, old)

    def test_a_good_match_beats_a_fresh_one(self, api: ApiClient) -> None:
        fresh = JobFactory(title="Clean an office", description="There is a gate.")
        good = JobFactory(title="Weld a gate", **ago(days=25))
        assert ids(api.anonymous.get("/jobs", q="weld gate")) == named(good, fresh)

    def test_a_job_that_is_edited_is_found_by_its_new_words(self, api: ApiClient) -> None:
        job = JobFactory(title="Weld a gate")
        Job.objects.filter(id=job.id).update(title="Paint a door")
        assert ids(api.anonymous.get("/jobs", q="weld")) == []
        assert ids(api.anonymous.get("/jobs", q="door")) == named(job)

    @pytest.mark.parametrize(
        "text", ["'; DROP TABLE", "a & !b | (c", "\\", "%(x)s %s", "cabinet:*A", "<->", "٣ ½ ß İ 漢字", "the of and"]
    )
    def test_no_text_breaks_the_query(self, api: ApiClient, text: str) -> None:
        assert api.anonymous.get("/jobs", q=text).status == 200

    def test_words_of_other_alphabets_are_found(self, api: ApiClient) -> None:
        job = JobFactory(title="Sɛ wopɛ adwuma a, bra")
        assert ids(api.anonymous.get("/jobs", q="WOPƐ")) == named(job)


class TestFilters:
    @pytest.mark.parametrize("more", [{}, {"q": "cabinets"}], ids=["feed", "search"])
    @pytest.mark.parametrize(
        ("query", "fits", "fails"),
        [
            ({"category": "plumbing"}, {"category_id": "plumbing"}, {"category_id": "tiling"}),
            ({"skill": CABINETS}, {"asks_for": [CABINETS]}, {"asks_for": ["47-2031-00-carpentry"]}),
            ({"kind": "hourly"}, {"kind": "hourly"}, {"kind": "fixed"}),
            ({"mode": "onsite"}, {"in_osu": True}, {"mode": "remote"}),
            ({"currency": "USD"}, {"currency": "USD"}, {"currency": "GHS"}),
            ({"currency": "GHS", "min_budget": 100}, {"budget_minor": 100}, {"budget_minor": 99}),
            ({"currency": "GHS", "max_budget": 100}, {"budget_minor": 100}, {"budget_minor": 101}),
            ({"currency": "GHS", "min_budget": 1}, {"budget_minor": 100}, {"budget_minor": 100, "currency": "USD"}),
            ({"near": "5.56,-0.18"}, {"in_osu": True}, {"mode": "remote"}),
        ],
        ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else None,
    )
    def test_a_filter_lets_through_what_fits(
        self, api: ApiClient, query: dict[str, Any], fits: dict[str, Any], fails: dict[str, Any], more: dict[str, str]
    ) -> None:
        job = JobFactory(**fits)
        JobFactory(**fails)
        answer = api.anonymous.get("/jobs", **query, **more)
        assert ids(answer) == named(job)
        assert answer.json["total"]["value"] == 1

    @pytest.mark.parametrize(
        ("query", "pointer", "code"),
        [
            ({"kind": "weekly"}, "/kind", "invalid_choice"),
            ({"mode": "lunar"}, "/mode", "invalid_choice"),
            ({"currency": "XXX"}, "/currency", "invalid_choice"),
            ({"min_budget": "5"}, "/currency", "required"),
            ({"min_budget": "x", "currency": "GHS"}, "/min_budget", "invalid"),
            ({"min_budget": "5", "max_budget": "4", "currency": "GHS"}, "/max_budget", "out_of_range"),
            ({"near": "Osu"}, "/near", "invalid"),
            ({"near": "91,0"}, "/near", "out_of_range"),
            ({"radius_km": "5"}, "/near", "required"),
            ({"near": "5,5", "radius_km": "501"}, "/radius_km", "max_value"),
            ({"limit": "101"}, "/limit", "max_value"),
            ({"order": "cheapest"}, "/order", "unknown_field"),
            ({"q": "x" * 201}, "/q", "max_length"),
        ],
    )
    def test_a_wrong_query_is_refused_by_name(
        self, api: ApiClient, query: dict[str, str], pointer: str, code: str
    ) -> None:
        answer = api.anonymous.get("/jobs", **query)
        assert answer.status == 400
        assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [(pointer, code)]


class TestAround:
    def test_the_distance_is_told_and_bounds_what_is_found(self, api: ApiClient) -> None:
        osu = JobFactory(in_osu=True)
        tema = JobFactory(mode="onsite", place_name="Tema", latitude=5.667, longitude=-0.0166)
        near = api.anonymous.get("/jobs", near="5.56,-0.18", radius_km=10)
        wide = api.anonymous.get("/jobs", near="5.56,-0.18", radius_km=30, q="cabinets")
        assert ids(near) == named(osu)
        assert near.json["items"][0]["distance_km"] == pytest.approx(0.50, abs=0.01)
        distances = {item["id"]: item["distance_km"] for item in wide.json["items"]}
        assert distances == {str(osu.id): pytest.approx(0.50, abs=0.01), str(tema.id): pytest.approx(21.68, abs=0.1)}

    def test_a_corner_of_the_box_is_not_within_the_radius(self, api: ApiClient) -> None:
        JobFactory(mode="onsite", place_name="Corner", latitude=5.0 + 0.085, longitude=0.085)
        assert ids(api.anonymous.get("/jobs", near="5,0", radius_km=10)) == []
        assert len(ids(api.anonymous.get("/jobs", near="5,0", radius_km=14))) == 1

    def test_the_date_line_is_no_wall(self, api: ApiClient) -> None:
        taveuni = JobFactory(mode="onsite", place_name="Taveuni", latitude=-16.85, longitude=-179.97)
        assert ids(api.anonymous.get("/jobs", near="-16.85,179.97", radius_km=20)) == named(taveuni)


def all_pages(client: ApiClient, **query: Any) -> list[list[str]]:
    pages, cursor = [], None
    while cursor or not pages:
        answer = client.get("/jobs", **query, **({"cursor": cursor} if cursor else {}))
        pages.append(ids(answer))
        cursor = answer.json["next"]
        assert ("Link" in answer.headers) == bool(cursor)
    return pages


class TestPages:
    def test_pages_of_the_feed_hold_every_job_once_in_order(self, api: ApiClient) -> None:
        same_moment = kelmah_clock.now()
        jobs = [JobFactory(created_at=same_moment) for _ in range(7)]
        pages = all_pages(api.anonymous, limit=3)
        assert [len(page) for page in pages] == [3, 3, 1]
        assert list(chain(*pages)) == named(*reversed(jobs))

    def test_pages_of_a_search_hold_every_job_once_even_when_all_score_alike(self, api: ApiClient) -> None:
        same_moment = kelmah_clock.now()
        jobs = [JobFactory(title="Weld a gate", created_at=same_moment) for _ in range(7)]
        pages = all_pages(api.anonymous, limit=3, q="gate")
        assert [len(page) for page in pages] == [3, 3, 1]
        assert list(chain(*pages)) == named(*reversed(jobs))

    @pytest.mark.parametrize("more", [{}, {"q": "cabinets"}], ids=["feed", "search"])
    def test_a_job_published_meanwhile_moves_no_page(self, api: ApiClient, clock: Any, more: dict[str, str]) -> None:
        jobs = [JobFactory(**ago(hours=n)) for n in range(4)]
        first = api.anonymous.get("/jobs", limit=2, **more)
        clock.advance(days=3)
        JobFactory(title="Cabinets, cabinets, cabinets")
        second = api.anonymous.get("/jobs", limit=2, cursor=first.json["next"], **more)
        assert ids(first) + ids(second) == named(*jobs)
        assert second.json["next"] is None

    def test_a_job_closed_meanwhile_is_left_out_and_no_other(self, api: ApiClient) -> None:
        jobs = [JobFactory(**ago(hours=n)) for n in range(6)]
        first = api.anonymous.get("/jobs", limit=2)
        Job.objects.filter(id__in=[jobs[1].id, jobs[2].id]).update(state="paused")
        second = api.anonymous.get("/jobs", limit=2, cursor=first.json["next"])
        assert ids(second) == named(jobs[3], jobs[4])

    def test_a_cursor_is_good_for_its_own_list_only(self, api: ApiClient, principal: Callable[..., Principal]) -> None:
        JobFactory.create_batch(3)
        cursor = api.anonymous.get("/jobs", limit=1, q="cabinet").json["next"]
        for client, query in (
            (api.anonymous, {}),
            (api.anonymous, {"q": "kitchen"}),
            (api.anonymous, {"q": "cabinet", "kind": "fixed"}),
            (api.as_(principal("worker")), {"q": "cabinet"}),
            (api.anonymous, {"q": "cabinet", "cursor": cursor[:-1] + ("A" if cursor[-1] != "A" else "B")}),
        ):
            answer = client.get("/jobs", **{"cursor": cursor, **query})
            assert (answer.status, answer.code) == (400, "cursor_invalid")


@pytest.mark.in_process
@pytest.mark.parametrize("query", [{}, {"q": "cabinet"}, {"near": "5.5,-0.2", "radius_km": 100}])
def test_a_page_is_one_statement_however_many_rows(api: ApiClient, query: dict[str, str]) -> None:
    JobFactory.create_batch(2, in_osu=True)
    with CaptureQueriesContext(connections["marketplace"]) as few:
        assert len(ids(api.anonymous.get("/jobs", **query))) == 2
    JobFactory.create_batch(20, in_osu=True, asks_for=[CABINETS])
    with CaptureQueriesContext(connections["marketplace"]) as many:
        assert len(ids(api.anonymous.get("/jobs", **query))) == 20
    assert len(few) == len(many) == 1


class TestTypeahead:
    def skills(self, api: ApiClient, **query: Any) -> list[str]:
        answer = api.anonymous.get("/skills", **query)
        assert answer.status == 200
        return [item["name"] for item in answer.json["items"]]

    def test_the_beginning_of_a_name_is_enough(self, api: ApiClient) -> None:
        assert self.skills(api, q="carpent")[0] == "Carpentry"
        assert "House Carpenter" in self.skills(api, q="carpent")
        assert self.skills(api, q="cabinet inst")[0] == "Cabinet Installer"
        assert self.skills(api, q="abinet") == []

    def test_synonyms_find_a_skill(self, api: ApiClient) -> None:
        assert "Plumbing" in self.skills(api, q="steamfitter")

    def test_a_category_narrows(self, api: ApiClient) -> None:
        answer = api.anonymous.get("/skills", category="roofing", limit=500)
        assert {item["category"] for item in answer.json["items"]} == {"roofing"}
        assert self.skills(api, category="astrology") == []

    def test_all_skills_can_be_read(self, api: ApiClient) -> None:
        assert len(self.skills(api, limit=500)) == 499

    def test_a_wrong_query_is_refused(self, api: ApiClient) -> None:
        assert api.anonymous.get("/skills", limit=0).status == 400
        assert api.anonymous.get("/skills", q="x" * 101).status == 400

    def test_categories_come_in_their_order(self, api: ApiClient) -> None:
        items = api.anonymous.get("/categories").json["items"]
        assert [item["slug"] for item in items[:3]] == ["plumbing", "electrical", "carpentry"]
        assert len(items) == 20


def test_a_bad_token_is_refused_where_nobody_needs_one(api: ApiClient) -> None:
    for path in ("/jobs", f"/jobs/{new_id()}", "/categories", "/skills"):
        assert api.with_token("nonsense").get(path).status == 401
