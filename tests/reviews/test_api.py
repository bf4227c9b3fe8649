"""Reviews over HTTP: both sides, the public, and nobody; blind until it is time."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.reviews.models import Review
from domains.reviews.tasks import run_deadlines
from kelmah.errors import Unavailable
from kelmah.ids import new_id
from kelmah.interfaces.identity.calls import identity
from kelmah.rpc import DeadlineExceeded, RemoteFailure, RemoteUnavailable
from tests.reviews.factories import (
    GOOD,
    FakePeople,
    as_hirer,
    as_worker,
    both_written,
    name_of,
    open_window,
    somebody,
    write,
)

pytestmark = pytest.mark.domain("reviews")


def review_of(window, side: str = "hirer", **change) -> dict:
    return {"contract_id": str(window.contract_id), "ratings": dict(GOOD[side]), "text": "As agreed."} | change


def pointers(answer) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json["errors"]]


# Writing


def test_both_are_blind_until_both_have_written(api):
    window = open_window()
    hirer, worker = api.as_(as_hirer(window)), api.as_(as_worker(window))
    first = hirer.post("/reviews", review_of(window, private_feedback="Came late once."))
    assert (first.status, first.json["state"], first.etag) == (201, "hidden", '"1"')
    assert first.json["stars"] == "4.75"
    path = f"/reviews/{first.json['id']}"
    for blind in (worker.get(path), api.as_(somebody(new_id())).get(path)):
        assert (blind.status, blind.code) == (404, "not_found")
    assert hirer.get(path).json["text"] == "As agreed."
    assert api.anonymous.get(f"/users/{window.worker_id}/reviews").json["items"] == []
    assert worker.get("/reviews/open").json["items"][0]["contract_id"] == str(window.contract_id)

    second = worker.post("/reviews", review_of(window, "worker"))
    assert (second.status, second.json["state"], second.etag) == (201, "published", '"2"')
    for reader in (worker, api.as_(somebody(new_id()))):
        seen = reader.get(path)
        assert (seen.status, seen.json["state"], seen.json["ratings"]) == (200, "published", GOOD["hirer"])
    assert [r["id"] for r in api.anonymous.get(f"/users/{window.worker_id}/reviews").json["items"]] == [
        first.json["id"]
    ]


def test_private_feedback_is_shown_to_nobody(api):
    window = open_window()
    said = [api.as_(as_hirer(window)).post("/reviews", review_of(window, private_feedback="Came late once."))]
    said.append(api.as_(as_worker(window)).post("/reviews", review_of(window, "worker")))
    said.append(api.as_(as_hirer(window)).get(f"/reviews/{said[0].json['id']}"))
    said.append(api.as_(as_worker(window)).get(f"/reviews/{said[0].json['id']}"))
    said.append(api.anonymous.get(f"/users/{window.worker_id}/reviews"))
    assert all(b"Came late" not in answer.raw.content for answer in said)
    assert Review.objects.get(id=said[0].json["id"]).private_feedback == "Came late once."


def test_after_fourteen_days_the_late_side_is_refused_and_the_lone_review_published(api, clock):
    window = open_window()
    lone = api.as_(as_hirer(window)).post("/reviews", review_of(window)).json
    clock.advance(days=14, seconds=1)
    late = api.as_(as_worker(window)).post("/reviews", review_of(window, "worker"))
    assert (late.status, late.code) == (409, "review_window_closed")
    assert api.as_(as_worker(window)).get("/reviews/open").json["items"] == []
    run_deadlines()
    assert api.as_(as_worker(window)).get(f"/reviews/{lone['id']}").json["state"] == "published"
    assert api.as_(as_worker(window)).post("/reviews", review_of(window, "worker")).code == "review_window_closed"


def test_a_second_review_of_the_same_side_is_refused(api):
    window = open_window()
    for status, code in ((201, None), (409, "already_reviewed")):
        answer = api.as_(as_hirer(window)).post("/reviews", review_of(window))
        assert (answer.status, answer.code) == (status, code)


def test_a_repeated_request_is_one_review(api, rows):
    window, key = open_window(), new_id()
    first = api.as_(as_hirer(window)).post("/reviews", review_of(window), idempotency_key=key)
    before = rows()
    again = api.as_(as_hirer(window)).post("/reviews", review_of(window), idempotency_key=key)
    assert (again.status, again.json) == (201, first.json)
    assert rows() == before


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"contract_id": "not-a-uuid"}, [("/contract_id", "invalid")]),
        ({"contract_id": 7}, [("/contract_id", "invalid")]),
        ({"ratings": None}, [("/ratings", "null")]),
        ({"ratings": []}, [("/ratings", "invalid")]),
        ({"ratings": GOOD["hirer"] | {"quality": 0}}, [("/ratings/quality", "min_value")]),
        ({"ratings": GOOD["hirer"] | {"quality": 6}}, [("/ratings/quality", "max_value")]),
        ({"ratings": GOOD["hirer"] | {"quality": "5"}}, [("/ratings/quality", "invalid")]),
        ({"ratings": GOOD["hirer"] | {"quality": 4.5}}, [("/ratings/quality", "invalid")]),
        ({"ratings": GOOD["hirer"] | {"quality": True}}, [("/ratings/quality", "invalid")]),
        ({"ratings": GOOD["hirer"] | {"quality": None}}, [("/ratings/quality", "null")]),
        ({"ratings": GOOD["hirer"] | {"looks": 5}}, [("/ratings/looks", "unknown_field")]),
        ({"ratings": GOOD["hirer"] | {"a/b~c": 5}}, [("/ratings/a~1b~0c", "unknown_field")]),
        ({"ratings": GOOD["hirer"] | {"respect": 5}}, [("/ratings/respect", "unknown_field")]),
        ({"ratings": {}}, [(f"/ratings/{axis}", "required") for axis in GOOD["hirer"]]),
        ({"text": "a" * 5001}, [("/text", "max_length")]),
        ({"text": 7}, [("/text", "invalid")]),
        ({"text": None}, [("/text", "null")]),
        ({"text": "a\x00b"}, [("/text", "null_characters_not_allowed")]),
        ({"private_feedback": "a" * 5001}, [("/private_feedback", "max_length")]),
        ({"stars": 500}, [("/stars", "unknown_field")]),
        ({"state": "published"}, [("/state", "unknown_field")]),
        ({"subject_id": "01930d2a-0b00-7c33-9d33-5e9c7c3f1a03"}, [("/subject_id", "unknown_field")]),
    ],
)
def test_a_bad_review_is_refused_field_by_field(api, rows, change, wanted):
    window = open_window()
    before = rows()
    answer = api.as_(as_hirer(window)).post("/reviews", review_of(window, **change))
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert pointers(answer) == wanted
    assert rows() == before


@pytest.mark.parametrize("field", ["contract_id", "ratings"])
def test_what_a_review_needs(api, field):
    body = review_of(open_window())
    del body[field]
    assert pointers(api.as_(somebody(new_id())).post("/reviews", body)) == [(f"/{field}", "required")]


def test_each_side_rates_its_own_axes(api):
    window = open_window()
    answer = api.as_(as_worker(window)).post("/reviews", review_of(window, "hirer"))
    missing = [(f"/ratings/{axis}", "required") for axis in GOOD["worker"]]
    assert pointers(answer) == missing + [(f"/ratings/{axis}", "unknown_field") for axis in GOOD["hirer"]]


def test_strangers_and_nobody_write_nothing(api, rows):
    window = open_window()
    before = rows()
    assert api.anonymous.post("/reviews", review_of(window)).status == 401
    for role in ("hirer", "worker"):
        stranger = api.as_(somebody(new_id(), role)).post("/reviews", review_of(window))
        assert (stranger.status, stranger.code) == (404, "not_found")
    assert api.as_(as_hirer(window)).post("/reviews", review_of(window, contract_id=str(new_id()))).status == 404
    assert rows() == before


def test_a_review_cannot_be_rehearsed(api, rows):
    """What would be revealed by the second review, a rehearsal must not tell."""
    window = open_window()
    write(window, as_hirer(window))
    before = rows()
    answer = api.as_(as_worker(window)).post("/reviews?dry_run=true", review_of(window, "worker"))
    assert (answer.status, answer.code) == (400, "dry_run_not_supported")
    assert rows() == before


# What waits


def test_what_i_may_review_says_as_whom_and_until_when(api):
    window = open_window()
    for side, by in (("hirer", as_hirer(window)), ("worker", as_worker(window))):
        item = api.as_(by).get("/reviews/open").json["items"]
        assert [(i["my_role"], i["axes"], i["title"]) for i in item] == [(side, list(GOOD[side]), window.title)]
    assert api.as_(somebody(new_id())).get("/reviews/open").json["items"] == []
    assert api.anonymous.get("/reviews/open").status == 401


# Replying


def test_the_subject_replies_with_what_they_have_seen(api):
    review, _ = both_written()
    subject, path = api.as_(somebody(review.subject_id)), f"/reviews/{review.id}"
    seen = subject.get(path)
    assert (seen.etag, seen.json["available_transitions"]) == ('"2"', ["reply"])
    assert subject.post(f"{path}/reply", {"text": "Thanks"}).status == 428
    stale = subject.post(f"{path}/reply", {"text": "Thanks"}, if_match=1)
    assert (stale.status, stale.code) == (412, "stale_version")
    rehearsed = subject.post(f"{path}/reply?dry_run=true", {"text": "Thanks"}, if_match=2)
    assert (rehearsed.status, rehearsed.json["reply_text"]) == (200, "Thanks")
    assert Review.objects.get(id=review.id).reply_text == ""
    done = subject.post(f"{path}/reply", {"text": " Thanks "}, if_match=seen.etag)
    assert (done.status, done.etag, done.json["reply_text"], done.json["available_transitions"]) == (
        200, '"3"', "Thanks", [],
    )  # fmt: skip
    again = subject.post(f"{path}/reply", {"text": "And more"}, if_match=3)
    assert (again.status, again.code) == (409, "reply_closed")


def test_who_may_not_reply(api, rows):
    review, _ = both_written()
    window = open_window()
    hidden = write(window, as_hirer(window))
    before = rows()
    path = f"/reviews/{review.id}/reply"
    assert api.anonymous.post(path, {"text": "Hm"}, if_match=2).status == 401
    for other in (review.author_id, new_id()):
        refused = api.as_(somebody(other)).post(path, {"text": "Hm"}, if_match=2)
        assert (refused.status, refused.code) == (403, "not_the_subject")
    assert api.as_(as_worker(window)).post(f"/reviews/{hidden.id}/reply", {"text": "Hm"}, if_match=1).status == 404
    assert api.as_(as_worker(window)).post(f"/reviews/{new_id()}/reply", {"text": "Hm"}, if_match=1).status == 404
    assert rows() == before


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({}, [("/text", "required")]),
        ({"text": ""}, [("/text", "blank")]),
        ({"text": "  "}, [("/text", "blank")]),
        ({"text": None}, [("/text", "null")]),
        ({"text": 7}, [("/text", "invalid")]),
        ({"text": "a" * 2001}, [("/text", "max_length")]),
        ({"text": "Thanks", "replied_at": "2020-01-01T00:00:00Z"}, [("/replied_at", "unknown_field")]),
    ],
)
def test_a_bad_reply_is_refused_field_by_field(api, rows, body, wanted):
    review, _ = both_written()
    before = rows()
    answer = api.as_(somebody(review.subject_id)).post(f"/reviews/{review.id}/reply", body, if_match=2)
    assert (answer.status, pointers(answer)) == (400, wanted)
    assert rows() == before


def test_a_reply_comes_too_late_and_is_no_longer_offered(api, clock):
    review, _ = both_written()
    subject, path = api.as_(somebody(review.subject_id)), f"/reviews/{review.id}"
    clock.advance(days=28, seconds=1)
    subject = api.as_(somebody(review.subject_id))
    assert subject.get(path).json["available_transitions"] == []
    assert subject.post(f"{path}/reply", {"text": "Thanks"}, if_match=2).code == "reply_closed"


@pytest.mark.parametrize("reader", ["author", "stranger"])
def test_nobody_else_is_offered_a_reply(api, reader):
    review, _ = both_written()
    by = somebody(review.author_id if reader == "author" else new_id())
    assert api.as_(by).get(f"/reviews/{review.id}").json["available_transitions"] == []


# Reading


@pytest.mark.in_process
def test_reviews_about_somebody_come_in_pages_with_one_statement_and_one_question(api, people):
    worker_id = new_id()
    reviews = [both_written(worker_id=worker_id)[0] for _ in range(5)]
    path = f"/users/{worker_id}/reviews"
    seen, cursor = [], {}
    while True:
        answer = api.anonymous.get(path, limit=2, **cursor)
        assert answer.status == 200
        seen += [item["id"] for item in answer.json["items"]]
        if not answer.json["next"]:
            break
        cursor = {"cursor": answer.json["next"]}
    assert seen == [str(review.id) for review in reversed(reviews)]
    for limit in (1, 5):
        people.asked.clear()
        with CaptureQueriesContext(connections["reviews"]) as statements:
            items = api.anonymous.get(path, limit=limit).json["items"]
        assert (len(statements), len(people.asked)) == (1, 1)
        assert [item["author_name"] for item in items] == [name_of(r.author_id) for r in reviews[::-1][:limit]]


@pytest.mark.in_process
def test_my_windows_come_in_pages_with_a_constant_number_of_queries(api):
    hirer_id = new_id()
    windows = [open_window(hirer_id=hirer_id) for _ in range(5)]
    mine = api.as_(somebody(hirer_id))
    first = mine.get("/reviews/open", limit=3)
    rest = mine.get("/reviews/open", limit=3, cursor=first.json["next"])
    found = [item["contract_id"] for item in first.json["items"] + rest.json["items"]]
    assert found == [str(window.contract_id) for window in reversed(windows)]
    for limit in (1, 5):
        with CaptureQueriesContext(connections["reviews"]) as statements:
            mine.get("/reviews/open", limit=limit)
        assert len(statements) == 1


def test_the_cursor_of_one_person_is_none_for_another(api):
    one, other = new_id(), new_id()
    for user_id in (one, one, other):
        both_written(worker_id=user_id)
    cursor = api.anonymous.get(f"/users/{one}/reviews", limit=1).json["next"]
    assert api.anonymous.get(f"/users/{other}/reviews", cursor=cursor).code == "cursor_invalid"


def test_nobody_about_whom_nothing_was_said_costs_a_question(api, people):
    assert api.anonymous.get(f"/users/{new_id()}/reviews").json == {"items": [], "next": None}
    assert people.asked == []


@pytest.mark.parametrize("failure", [RemoteUnavailable, DeadlineExceeded, RemoteFailure, Unavailable])
def test_without_identity_reviews_are_read_and_written_nameless(api, people, failure):
    people.failure = failure
    window = open_window()
    review = api.as_(as_hirer(window)).post("/reviews", review_of(window))
    assert (review.status, review.json["author_name"]) == (201, None)
    write(window, as_worker(window))
    items = api.anonymous.get(f"/users/{window.worker_id}/reviews").json["items"]
    assert [item["author_name"] for item in items] == [None]


def test_an_author_who_is_gone_is_nameless(api):
    class Nobody(FakePeople):
        def people(self, *, ids):
            return []

    review, _ = both_written()
    with identity.replaced_by(Nobody()):
        assert api.as_(somebody(new_id())).get(f"/reviews/{review.id}").json["author_name"] is None


def test_nobody_reads_a_single_review_and_a_bad_token_none_at_all(api):
    review, _ = both_written()
    assert api.anonymous.get(f"/reviews/{review.id}").status == 401
    assert api.with_token("no.good.token").get(f"/users/{review.subject_id}/reviews").status == 401
    assert api.as_(somebody(new_id())).get(f"/reviews/{new_id()}").status == 404
