"""Every endpoint: for nobody, the wrong role, the wrong person, bad input, a stale reading; and for whom it is."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from domains.marketplace.api.urls import urlpatterns
from domains.marketplace.models import Job, Offer
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import Answer, ApiClient
from tests.marketplace.conftest import FakeIdentity
from tests.marketplace.factories import CABINETS, JobFactory, OfferFactory, ProposalFactory

pytestmark = pytest.mark.domain("marketplace")

As = Callable[..., Principal]
Rows = Callable[[], Any]

NEW_JOB: dict[str, Any] = {
    "title": "Fit kitchen cabinets",
    "description": "Six cabinets in Osu, delivered flat.",
    "category": "carpentry",
    "skills": [CABINETS],
    "kind": "fixed",
    "mode": "onsite",
    "budget": {"amount": 130_000, "currency": "GHS"},
    "place": {"name": "Osu, Accra", "latitude": 5.556, "longitude": -0.182},
}
NEW_PROPOSAL: dict[str, Any] = {
    "cover_letter": "I have fitted forty kitchens.",
    "amount": {"amount": 95_000, "currency": "GHS"},
    "delivery_days": 10,
}
NEW_OFFER: dict[str, Any] = {
    "scope": "Fit six cabinets.",
    "kind": "fixed",
    "amount": {"amount": 95_000, "currency": "GHS"},
    "milestones": [{"title": "All of it", "amount": {"amount": 95_000, "currency": "GHS"}, "due_in_days": 10}],
}

# Whose step it is, and where: {job}, {proposal} and {offer} are filled in with a live offer's.
STEPS = {
    "edit": ("PATCH", "/jobs/{job}", "hirer", {"title": "Another title"}),
    "publish": ("POST", "/jobs/{draft}/publish", "hirer", None),
    "pause": ("POST", "/jobs/{job}/pause", "hirer", None),
    "resume": ("POST", "/jobs/{paused}/resume", "hirer", None),
    "close": ("POST", "/jobs/{job}/close", "hirer", None),
    "view": ("POST", "/proposals/{submitted}/view", "hirer", None),
    "shortlist": ("POST", "/proposals/{submitted}/shortlist", "hirer", None),
    "decline": ("POST", "/proposals/{submitted}/decline", "hirer", None),
    "withdraw": ("POST", "/proposals/{submitted}/withdraw", "worker", None),
    "accept-offer": ("POST", "/offers/{offer}/accept", "worker", None),
    "decline-offer": ("POST", "/offers/{offer}/decline", "worker", None),
    "withdraw-offer": ("POST", "/offers/{offer}/withdraw", "hirer", None),
}
OTHERS = {
    "post": ("POST", "/jobs", "hirer", NEW_JOB),
    "mine": ("GET", "/jobs/mine", "hirer", None),
    "propose": ("POST", "/jobs/{job}/proposals", "worker", NEW_PROPOSAL),
    "received": ("GET", "/jobs/{job}/proposals", "hirer", None),
    "made": ("GET", "/proposals/mine", "worker", None),
    "offer": ("POST", "/proposals/{submitted}/offers", "hirer", NEW_OFFER),
}
BY_ID = {
    "proposal": ("GET", "/proposals/{submitted}", "either", None),
    "offer-by-id": ("GET", "/offers/{offer}", "either", None),
}
EVERYTHING = {**STEPS, **OTHERS, **BY_ID}
EACH_STEP = pytest.mark.parametrize("name", STEPS)


class Market:
    """One hirer, one worker, and something of theirs in every state that a step begins from."""

    def __init__(self, api: ApiClient, principal: As) -> None:
        self.hirer, self.worker, self.stranger = (new_id() for _ in range(3))
        offer = OfferFactory(proposal__worker_id=self.worker, proposal__job__hirer_id=self.hirer)
        submitted = ProposalFactory(worker_id=self.worker, job__hirer_id=self.hirer)
        self.things = {
            "job": offer.job_id,
            "offer": offer.id,
            "submitted": submitted.id,
            "draft": JobFactory(hirer_id=self.hirer, state="draft", in_osu=True).id,
            "paused": JobFactory(hirer_id=self.hirer, state="paused").id,
        }
        self._api, self._principal = api, principal

    def client(self, who: str, *roles: str) -> ApiClient:
        return self._api.as_(self._principal(*(roles or (who,)), user_id=getattr(self, who)))

    def send(self, client: ApiClient, name: str, **options: Any) -> Answer:
        method, path, _, body = EVERYTHING[name]
        path = path.format(**self.things)
        if method == "GET":
            return client.get(path)
        if name in STEPS:
            options = {"if_match": 1, **options}
        return getattr(client, method.lower())(path, options.pop("body", body), **options)

    def right(self, name: str) -> ApiClient:
        side = EVERYTHING[name][2]
        return self.client("hirer" if side == "either" else side)


@pytest.fixture
def market(api: ApiClient, principal: As) -> Market:
    return Market(api, principal)


class TestWho:
    @pytest.mark.parametrize("name", EVERYTHING)
    def test_nobody_is_asked_to_log_in(self, api: ApiClient, market: Market, rows: Rows, name: str) -> None:
        before = rows()
        answer = market.send(api.anonymous, name)
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert rows() == before

    @pytest.mark.parametrize("name", {**STEPS, **OTHERS})
    def test_the_wrong_role_is_refused(self, market: Market, rows: Rows, name: str) -> None:
        before = rows()
        side = EVERYTHING[name][2]
        answer = market.send(market.client(side, "worker" if side == "hirer" else "hirer"), name)
        assert (answer.status, answer.code) == (403, "wrong_role")
        assert rows() == before

    @pytest.mark.parametrize("name", {**STEPS, **BY_ID, "received": 0, "offer": 0})
    def test_what_is_somebody_elses_is_not_there(self, market: Market, rows: Rows, name: str) -> None:
        before = rows()
        answer = market.send(market.client("stranger", "hirer", "worker"), name)
        assert (answer.status, answer.code) == (404, "not_found")
        assert rows() == before

    @pytest.mark.parametrize("name", {**STEPS, **BY_ID, "propose": 0, "received": 0, "offer": 0})
    def test_what_does_not_exist_is_not_there(self, market: Market, name: str) -> None:
        market.things = dict.fromkeys(market.things, new_id())
        assert market.send(market.right(name), name).status == 404

    @pytest.mark.parametrize(
        ("name", "who", "code"),
        [
            ("view", "worker", "not_the_hirer"),
            ("shortlist", "worker", "not_the_hirer"),
            ("decline", "worker", "not_the_hirer"),
            ("offer", "worker", "not_the_hirer"),
            ("withdraw-offer", "worker", "not_the_hirer"),
            ("withdraw", "hirer", "not_the_worker"),
            ("accept-offer", "hirer", "not_the_worker"),
            ("decline-offer", "hirer", "not_the_worker"),
        ],
    )
    def test_the_other_side_is_told_whose_step_it_is(
        self, market: Market, rows: Rows, name: str, who: str, code: str
    ) -> None:
        before = rows()
        answer = market.send(market.client(who, "hirer", "worker"), name)
        assert (answer.status, answer.code) == (403, code)
        assert rows() == before

    def test_one_who_is_both_does_not_propose_to_their_own_job(self, market: Market, rows: Rows) -> None:
        before = rows()
        answer = market.send(market.client("hirer", "hirer", "worker"), "propose")
        assert (answer.status, answer.code) == (403, "own_job")
        assert rows() == before


class TestSteps:
    @EACH_STEP
    def test_a_step_is_taken_and_tells_its_new_version(self, market: Market, name: str) -> None:
        answer = market.send(market.right(name), name)
        assert answer.status == 200, answer
        assert answer.json["version"] == 2
        assert answer.etag == '"2"'
        assert isinstance(answer.json["available_transitions"], list)

    @EACH_STEP
    def test_a_step_needs_the_version_one_has_seen(self, market: Market, rows: Rows, name: str) -> None:
        before = rows()
        answer = market.send(market.right(name), name, if_match=None)
        assert (answer.status, answer.code) == (428, "precondition_required")
        answer = market.send(market.right(name), name, if_match=7)
        assert (answer.status, answer.code) == (412, "stale_version")
        answer = market.send(market.right(name), name, if_match="W/1")
        assert (answer.status, answer.code) == (400, "if_match_malformed")
        assert rows() == before

    @pytest.mark.parametrize("name", sorted(set(STEPS) - {"edit", "view", "shortlist"}))
    def test_a_step_is_not_taken_twice(self, market: Market, name: str) -> None:
        market.send(market.right(name), name)
        again = market.send(market.right(name), name, if_match=2)
        assert (again.status, again.code) == (409, "invalid_transition")
        assert isinstance(again.json["data"]["possible"], list)

    @pytest.mark.parametrize("name", {**STEPS, "post": 0, "propose": 0, "offer": 0})
    def test_a_rehearsal_answers_and_writes_nothing(self, market: Market, rows: Rows, name: str) -> None:
        method, path, _, body = EVERYTHING[name]
        if name == "propose":
            market.things["job"] = JobFactory().id
        before = rows()
        send = getattr(market.right(name), method.lower())
        options = {"if_match": 1} if name in STEPS else {}
        answer = send(f"{path.format(**market.things)}?dry_run=true", body, **options)
        assert answer.status in (200, 201), answer
        assert answer.headers["Kelmah-Dry-Run"] == "true"
        assert answer.json["version"] == (2 if name in STEPS else 1)
        assert rows() == before

    def test_what_may_be_done_is_told_to_each_side(self, market: Market) -> None:
        path = f"/proposals/{market.things['submitted']}"
        assert market.client("hirer").get(path).json["available_transitions"] == [
            "decline",
            "offer",
            "shortlist",
            "view",
        ]
        assert market.client("worker").get(path).json["available_transitions"] == ["withdraw"]
        path = f"/offers/{market.things['offer']}"
        assert market.client("hirer").get(path).json["available_transitions"] == ["withdraw"]
        assert market.client("worker").get(path).json["available_transitions"] == ["accept", "decline"]


class TestJobs:
    def test_a_job_is_written_published_and_found(self, api: ApiClient, hirer: Principal) -> None:
        mine = api.as_(hirer)
        draft = mine.post("/jobs", NEW_JOB)
        assert draft.status == 201
        assert (draft.json["state"], draft.json["available_transitions"]) == ("draft", ["edit", "publish"])
        said = {name: draft.json[name] for name in NEW_JOB if name != "skills"}
        assert said == {name: value for name, value in NEW_JOB.items() if name != "skills"}
        assert api.anonymous.get(f"/jobs/{draft.json['id']}").status == 404
        opened = mine.post(f"/jobs/{draft.json['id']}/publish", if_match=draft.etag)
        assert opened.json["state"] == "open"
        assert api.anonymous.get(f"/jobs/{draft.json['id']}").json["available_transitions"] == []
        assert [item["id"] for item in api.anonymous.get("/jobs", q="cabinet").json["items"]] == [draft.json["id"]]

    def test_the_same_key_writes_one_job(self, api: ApiClient, hirer: Principal) -> None:
        first = api.as_(hirer).post("/jobs", NEW_JOB, idempotency_key="job-1")
        again = api.as_(hirer).post("/jobs", NEW_JOB, idempotency_key="job-1")
        assert first.json == again.json
        assert Job.objects.count() == 1

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"title": "Hi"}, "/title", "min_length"),
            ({"title": "x" * 141}, "/title", "max_length"),
            ({"title": 5}, "/title", "invalid"),
            ({"description": "short"}, "/description", "min_length"),
            ({"description": "x" * 10_001}, "/description", "max_length"),
            ({"category": "astrology"}, "/category", "unknown"),
            ({"skills": ["levitation"]}, "/skills/0", "unknown"),
            ({"skills": [CABINETS, CABINETS]}, "/skills", "repeated"),
            ({"skills": [str(n) for n in range(16)]}, "/skills", "max_length"),
            ({"skills": "carpentry"}, "/skills", "not_a_list"),
            ({"kind": "quick"}, "/kind", "invalid_choice"),
            ({"mode": "lunar"}, "/mode", "invalid_choice"),
            ({"budget": 500}, "/budget", "invalid"),
            ({"budget": {"amount": 0, "currency": "GHS"}}, "/budget/amount", "too_small"),
            ({"budget": {"amount": "500", "currency": "GHS"}}, "/budget/amount", "amount_invalid"),
            ({"budget": {"amount": 500, "currency": "XXX"}}, "/budget/currency", "unknown_currency"),
            ({"enforce_budget_band": "yes"}, "/enforce_budget_band", "invalid"),
            ({"visibility": "secret"}, "/visibility", "invalid_choice"),
            ({"place": None}, "/place", "required"),
            ({"place": {"name": "Osu", "latitude": 5.5}}, "/place/longitude", "required"),
            ({"place": {"name": "Osu", "latitude": 91, "longitude": 0}}, "/place/latitude", "max_value"),
            ({"place": {"name": "Osu", "latitude": "5.5", "longitude": 0}}, "/place/latitude", "invalid"),
            ({"place": {"name": " ", "latitude": 5.5, "longitude": 0}}, "/place/name", "blank"),
            ({"state": "open"}, "/state", "unknown_field"),
            ({"hirer_id": str(new_id())}, "/hirer_id", "unknown_field"),
        ],
    )
    def test_a_wrong_field_is_refused_by_name(
        self, market: Market, rows: Rows, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        before = rows()
        posted = market.client("hirer").post("/jobs", {**NEW_JOB, **change})
        patched = market.client("hirer").patch(f"/jobs/{market.things['draft']}", change, if_match=1)
        for answer in (posted, patched):
            assert answer.status == 400
            assert (pointer, code) in [(each["pointer"], each["code"]) for each in answer.json["errors"]]
        assert rows() == before

    @pytest.mark.parametrize("name", ["title", "description", "category", "kind", "mode", "budget"])
    def test_a_missing_field_is_named(self, api: ApiClient, hirer: Principal, name: str) -> None:
        body = {key: value for key, value in NEW_JOB.items() if key != name}
        answer = api.as_(hirer).post("/jobs", body)
        assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [(f"/{name}", "required")]

    @pytest.mark.parametrize("hidden", [{"visibility": "private"}, {"visibility": "invite_only"}, {"state": "draft"}])
    def test_a_hidden_job_is_there_for_its_hirer_only(
        self, api: ApiClient, principal: As, as_hirer_of: Callable[[Job], ApiClient], hidden: dict[str, str]
    ) -> None:
        job = JobFactory(**hidden)
        assert as_hirer_of(job).get(f"/jobs/{job.id}").status == 200
        for client in (api.anonymous, api.as_(principal("worker")), api.as_(principal("hirer"))):
            assert client.get(f"/jobs/{job.id}").status == 404
        assert api.as_(principal("worker")).post(f"/jobs/{job.id}/proposals", NEW_PROPOSAL).status == 404

    def test_who_proposed_still_sees_a_job_that_was_hidden_since(self, api: ApiClient, principal: As) -> None:
        proposal = ProposalFactory(job__visibility="private")
        assert api.as_(principal("worker", user_id=proposal.worker_id)).get(f"/jobs/{proposal.job_id}").status == 200

    def test_a_removed_job_tells_its_hirer_why(self, api: ApiClient, as_hirer_of: Callable[[Job], ApiClient]) -> None:
        job = JobFactory(state="removed", removal_reason="Asks for money up front.")
        assert as_hirer_of(job).get(f"/jobs/{job.id}").json["removal_reason"] == "Asks for money up front."
        assert api.anonymous.get(f"/jobs/{job.id}").status == 404

    def test_my_jobs_are_mine_in_every_state(self, market: Market) -> None:
        JobFactory()
        items = market.client("hirer").get("/jobs/mine").json["items"]
        assert {item["state"] for item in items} == {"draft", "open", "paused"}
        assert len(items) == 4
        assert items == sorted(items, key=lambda item: item["id"], reverse=True)
        draft = next(item for item in items if item["state"] == "draft")
        assert (draft["published_at"], draft["available_transitions"]) == (None, ["edit", "publish"])


class TestProposals:
    def test_a_list_says_what_the_proposal_itself_says(self, market: Market, people: FakeIdentity) -> None:
        offered = Offer.objects.get(id=market.things["offer"]).proposal
        (item,) = market.client("hirer").get(f"/jobs/{offered.job_id}/proposals").json["items"]
        alone = market.client("hirer").get(f"/proposals/{offered.id}").json
        assert {**item, "created_at": 0} == {**alone, "created_at": 0}
        assert item["offer"] == {"id": str(market.things["offer"]), "state": "sent"}
        assert item["worker"]["reputation"] == {"stars": "4.07", "reviews": 3}
        (mine,) = [
            row for row in market.client("worker").get("/proposals/mine").json["items"] if row["id"] == item["id"]
        ]
        alone = market.client("worker").get(f"/proposals/{offered.id}").json
        assert {**mine, "created_at": 0} == {**alone, "created_at": 0}
        assert mine["worker"] is None

    @pytest.mark.in_process
    def test_profiles_are_asked_once_for_all_and_the_statements_stay_few(
        self, people: FakeIdentity, as_hirer_of: Callable[[Job], ApiClient]
    ) -> None:
        job = JobFactory()
        workers = [ProposalFactory(job=job).worker_id for _ in range(12)]
        with CaptureQueriesContext(connections["marketplace"]) as statements:
            items = as_hirer_of(job).get(f"/jobs/{job.id}/proposals").json["items"]
        assert len(statements) == 2  # whose job it is, and the page
        assert [set(ids) for ids in people.asked] == [set(workers)]
        assert [item["worker"]["user_id"] for item in items] == [str(worker) for worker in reversed(workers)]

    def test_without_identity_proposals_are_read_without_names(self, market: Market, people: FakeIdentity) -> None:
        people.down = True
        answer = market.client("hirer").get(f"/jobs/{market.things['job']}/proposals")
        assert answer.status == 200
        assert [item["worker"] for item in answer.json["items"]] == [None]
        assert market.client("hirer").get(f"/proposals/{market.things['submitted']}").json["worker"] is None

    def test_a_worker_sees_no_proposal_but_their_own(self, market: Market, api: ApiClient, principal: As) -> None:
        rival = ProposalFactory(job_id=market.things["job"])
        other = api.as_(principal("worker", user_id=rival.worker_id))
        assert [item["id"] for item in other.get("/proposals/mine").json["items"]] == [str(rival.id)]
        assert other.get(f"/proposals/{market.things['submitted']}").status == 404

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"cover_letter": ""}, "/cover_letter", "blank"),
            ({"cover_letter": "x" * 5_001}, "/cover_letter", "max_length"),
            ({"amount": {"amount": 0, "currency": "GHS"}}, "/amount/amount", "too_small"),
            ({"amount": {"amount": 95_000, "currency": "USD"}}, "/amount/currency", "wrong_currency"),
            ({"amount": {"amount": 121_000, "currency": "GHS"}}, "/amount", "outside_band"),
            ({"delivery_days": 0}, "/delivery_days", "min_value"),
            ({"delivery_days": 366}, "/delivery_days", "max_value"),
            ({"delivery_days": "10"}, "/delivery_days", "invalid"),
            ({"worker_id": str(new_id())}, "/worker_id", "unknown_field"),
        ],
    )
    def test_a_wrong_field_is_refused_by_name(
        self, api: ApiClient, worker: Principal, rows: Rows, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        job = JobFactory(enforce_budget_band=True)
        before = rows()
        answer = api.as_(worker).post(f"/jobs/{job.id}/proposals", {**NEW_PROPOSAL, **change})
        assert answer.status == 400
        assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [(pointer, code)]
        assert rows() == before

    def test_a_closed_job_takes_none(self, api: ApiClient, worker: Principal) -> None:
        answer = api.as_(worker).post(f"/jobs/{JobFactory(state='closed').id}/proposals", NEW_PROPOSAL)
        assert (answer.status, answer.code) == (409, "job_not_open")

    def test_a_second_one_is_refused(self, market: Market) -> None:
        answer = market.send(market.client("worker"), "propose")
        assert (answer.status, answer.code) == (409, "already_proposed")


class TestOffers:
    def test_from_proposal_to_acceptance(self, api: ApiClient, hirer: Principal, worker: Principal) -> None:
        job = JobFactory(hirer_id=hirer.user_id)
        proposal = api.as_(worker).post(f"/jobs/{job.id}/proposals", NEW_PROPOSAL)
        assert proposal.status == 201
        offer = api.as_(hirer).post(f"/proposals/{proposal.json['id']}/offers", NEW_OFFER)
        assert (offer.status, offer.json["state"], offer.json["contract_id"]) == (201, "sent", None)
        assert offer.json["milestones"] == [{**NEW_OFFER["milestones"][0], "description": ""}]
        seen = api.as_(worker).get(f"/offers/{offer.json['id']}")
        accepted = api.as_(worker).post(f"/offers/{offer.json['id']}/accept", if_match=seen.etag)
        assert (accepted.json["state"], accepted.json["available_transitions"]) == ("accepted", [])
        assert accepted.json["contract_id"] == str(Offer.objects.get().contract_id)
        assert api.anonymous.get(f"/jobs/{job.id}").json["state"] == "filled"

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"scope": ""}, "/scope", "blank"),
            ({"kind": "quick"}, "/kind", "invalid_choice"),
            ({"amount": {"amount": 95_001, "currency": "GHS"}}, "/milestones", "sum_mismatch"),
            ({"amount": {"amount": 95_000, "currency": "USD"}}, "/amount/currency", "wrong_currency"),
            ({"milestones": []}, "/milestones", "required"),
            ({"kind": "hourly"}, "/milestones", "not_allowed"),
            (
                {"milestones": [{"title": "", "amount": {"amount": 1, "currency": "GHS"}}]},
                "/milestones/0/title",
                "blank",
            ),
            ({"milestones": [{"title": "All"}]}, "/milestones/0/amount", "required"),
            ({"milestones": NEW_OFFER["milestones"] * 21}, "/milestones", "max_length"),
            ({"contract_id": str(new_id())}, "/contract_id", "unknown_field"),
        ],
    )
    def test_a_wrong_field_is_refused_by_name(
        self, market: Market, rows: Rows, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        before = rows()
        answer = market.send(market.client("hirer"), "offer", body={**NEW_OFFER, **change})
        assert answer.status == 400
        assert (pointer, code) in [(each["pointer"], each["code"]) for each in answer.json["errors"]]
        assert rows() == before


LISTS = pytest.mark.parametrize("name", ["mine", "received", "made"])


@pytest.mark.in_process
@LISTS
def test_lists_are_paged_by_keyset_with_a_constant_number_of_statements(market: Market, name: str) -> None:
    def more(count: int) -> None:
        if name == "mine":
            JobFactory.create_batch(count, hirer_id=market.hirer)
        elif name == "received":
            ProposalFactory.create_batch(count, job_id=market.things["job"])
        else:
            ProposalFactory.create_batch(count, worker_id=market.worker)

    def read(limit: int) -> tuple[list[str], int]:
        found: list[str] = []
        path, cursor, most = EVERYTHING[name][1].format(**market.things), None, 0
        while cursor or not found:
            with CaptureQueriesContext(connections["marketplace"]) as statements:
                answer = market.right(name).get(path, limit=limit, **({"cursor": cursor} if cursor else {}))
            most = max(most, len(statements))
            found += [item["id"] for item in answer.json["items"]]
            cursor = answer.json["next"]
        return found, most

    more(2)
    few, statements = read(limit=100)
    more(9)
    many, statements_of_many = read(limit=4)
    assert len(many) == len(set(many)) == len(few) + 9
    assert many == sorted(many, reverse=True)
    assert statements == statements_of_many


@LISTS
def test_a_cursor_of_somebody_else_is_refused(market: Market, name: str, api: ApiClient, principal: As) -> None:
    path = EVERYTHING[name][1].format(**market.things)
    ProposalFactory.create_batch(3, job_id=market.things["job"])
    ProposalFactory(worker_id=market.worker)
    cursor = market.right(name).get(path, limit=1).json["next"]
    side = EVERYTHING[name][2]
    answer = api.as_(principal(side)).get(path, cursor=cursor)
    assert answer.status in (400, 404)
    assert market.right(name).get(path, cursor=cursor[:-2]).code == "cursor_invalid"


@pytest.mark.in_process
def test_every_route_is_covered_above() -> None:
    filled = (path.format_map(defaultdict(new_id)) for _, path, _, _ in EVERYTHING.values())
    covered = {resolve(f"/api/v1{path}").route.removeprefix("api/v1/") for path in filled}
    public = {"categories", "skills"}  # tests/marketplace/test_api_search.py
    assert {str(pattern.pattern) for pattern in urlpatterns} == covered | public
