"""The verification ladder over REST."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from domains.identity.actions import reviewing
from domains.identity.actions.paper_steps import Ruling
from domains.identity.models import Document, User
from kelmah import clock
from kelmah.ids import new_id
from kelmah.testing.client import ApiClient
from tests.identity.factories import STAFF_PASSWORD, log_in, staff
from tests.identity.paper_factories import approved, cabinet, claimed, member, reviewer, sent, verified, waiting

__all__ = ["cabinet"]
pytestmark = pytest.mark.domain("identity", transaction=True)

LIST = "/me/verification/documents"


def by(api: ApiClient, user: User) -> ApiClient:
    return api.with_token(log_in(user).access_token)


def card(cabinet: Any, owner: User, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "national_id",
        "file_ids": [str(cabinet.upload(owner.id))],
        "name": "Kofi Boateng",
        "number": "GHA-712345678-5",
        "born": "1990-04-12",
        "country": "GH",
        "expires_on": str(clock.now().date() + timedelta(days=900)),
    } | changes


def test_sending_a_paper_answers_with_its_last_four_and_where_it_is(api, cabinet):
    kofi = member()
    me = by(api, kofi)
    answer = me.post(LIST, card(cabinet, kofi))
    assert (answer.status, answer.etag) == (201, '"1"')
    assert answer.json["number"] == "••••6785"
    assert (answer.json["state"], answer.json["available_transitions"]) == ("uploaded", ["withdraw"])
    assert "712345678" not in str(answer.json)
    assert me.get(f"{LIST}/{answer.json['id']}").json == answer.json
    assert me.get(LIST).json["items"] == [answer.json]
    assert me.get("/me/verification").json["under_review"] == ["national_id"]


def test_level_and_what_is_missing_follow_the_papers(api, cabinet):
    kofi = member()
    me = by(api, kofi)
    assert me.get("/me/verification").json == {
        "level": 0,
        "rungs": [
            {"level": 1, "reached": False, "missing": ["photo"]},
            {"level": 2, "reached": False, "missing": ["national_id", "selfie", "address"]},
            {"level": 3, "reached": False, "missing": ["certificate_or_jobs"]},
        ],
        "under_review": [],
    }
    verified(cabinet, kofi)
    assert me.get("/me/verification").json["level"] == 1
    assert me.get("/me/profile").json["verified_level"] == 1
    assert api.anonymous.get(f"/profiles/{kofi.id}").json["verified_level"] == 1


def test_a_rejection_says_why_and_not_who(api, cabinet):
    kofi, efua = member(), reviewer()
    document = claimed(waiting(cabinet, kofi, "national_id"), by=efua)
    ruling = Ruling(by=efua.id, reason="not_as_typed", note="The surname is Mensah")
    reviewing.reject_document(document_id=document.id, ruling=ruling)
    told = by(api, kofi).get(f"{LIST}/{document.id}").json
    assert (told["state"], told["reason"], told["available_transitions"]) == ("rejected", "not_as_typed", [])
    assert str(efua.id) not in str(told)
    assert "surname" not in str(told)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"kind": "passport"}, "/kind", "invalid_choice"),
        ({"number": None}, "/number", "null"),
        ({"born": "12.04.1990"}, "/born", "invalid"),
        ({"born": 19900412}, "/born", "invalid"),
        ({"country": "gh"}, "/country", "invalid"),
        ({"expires_on": "2001-01-01"}, "/expires_on", "over"),
        ({"name": "Kofi\u202eBoateng"}, "/name", "hidden_characters"),
        ({"number": "x" * 61}, "/number", "max_length"),
        ({"file_ids": []}, "/file_ids", "min_length"),
        ({"file_ids": ["1"]}, "/file_ids/0", "invalid"),
        ({"state": "verified"}, "/state", "unknown_field"),
        ({"verified_level": 3}, "/verified_level", "unknown_field"),
        ({"user_id": str(new_id())}, "/user_id", "unknown_field"),
        ({"issuer": "NIA"}, "/issuer", "unknown_field"),
    ],
)
def test_what_is_wrong_is_named_field_by_field(api, cabinet, change, pointer, code):
    kofi = member()
    answer = by(api, kofi).post(LIST, card(cabinet, kofi, **change))
    assert answer.status == 400
    assert (pointer, code) in [(error["pointer"], error["code"]) for error in answer.json["errors"]]
    assert not Document.objects.exists()


def test_a_null_byte_in_a_number_is_refused(api, cabinet):
    kofi = member()
    assert by(api, kofi).post(LIST, card(cabinet, kofi, number="GHA\x00712345")).status == 400


def test_a_level_cannot_be_claimed_in_the_profile(api, cabinet):
    kofi = member()
    me = by(api, kofi)
    answer = me.patch("/me/profile", {"verified_level": 3}, if_match=me.get("/me/profile").etag)
    assert (answer.status, answer.json["errors"][0]["code"]) == (400, "unknown_field")


def test_files_of_others_are_unknown(api, cabinet):
    kofi, ama = member(), member()
    answer = by(api, kofi).post(LIST, card(cabinet, ama))
    assert (answer.status, answer.json["errors"][0]["code"]) == (400, "unknown_file")


def test_without_files_the_answer_is_to_try_again(api, cabinet):
    kofi = member()
    cabinet.down = True
    assert by(api, kofi).post(LIST, card(cabinet, kofi)).status in (502, 503)


def test_a_second_of_a_kind_waits_for_the_first(api, cabinet):
    kofi = member()
    document = sent(cabinet, kofi, "national_id")
    answer = by(api, kofi).post(LIST, card(cabinet, kofi))
    assert (answer.status, answer.code) == (409, "under_review")
    assert answer.json["data"]["document_id"] == str(document.id)


def test_sent_again_with_one_key_it_is_one_document(api, cabinet):
    kofi = member()
    me, body, key = by(api, kofi), card(cabinet, kofi), new_id()
    first, again = (me.post(LIST, body, idempotency_key=key) for _ in range(2))
    assert first.json == again.json
    assert Document.objects.count() == 1


def test_withdrawing(api, cabinet):
    kofi = member()
    document = sent(cabinet, kofi, "national_id")
    me, path = by(api, kofi), f"{LIST}/{document.id}/withdraw"
    assert me.post(path).status == 428
    assert me.post(path, if_match=7).status == 412
    rehearsed = me.post(f"{path}?dry_run=true", if_match=1)
    assert (rehearsed.status, rehearsed.json["state"]) == (200, "withdrawn")
    assert me.get(f"{LIST}/{document.id}").json["state"] == "uploaded"
    answer = me.post(path, if_match=1)
    assert (answer.json["state"], answer.json["number"], answer.etag) == ("withdrawn", "", '"2"')
    assert me.post(path, if_match=2).code == "invalid_transition"


def test_what_is_decided_is_not_withdrawn(api, cabinet):
    kofi = member()
    document = verified(cabinet, kofi)
    answer = by(api, kofi).post(f"{LIST}/{document.id}/withdraw", if_match=document.version)
    assert (answer.status, answer.code) == (409, "invalid_transition")


# --- who ---------------------------------------------------------------------------------------------------------

ROUTES = [
    ("GET", "/me/verification"),
    ("GET", LIST),
    ("POST", LIST),
    ("GET", f"{LIST}/{{id}}"),
    ("POST", f"{LIST}/{{id}}/withdraw"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nobody_has_no_papers(api, cabinet, method, path):
    document = sent(cabinet, member())
    answer = api.anonymous.send(method, path.format(id=document.id))
    assert (answer.status, answer.code) == (401, "unauthenticated")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_staff_climb_no_ladder_and_read_no_papers_here(api, cabinet, method, path):
    document = sent(cabinet, member())
    token = log_in(staff(), STAFF_PASSWORD).access_token
    answer = api.with_token(token).send(method, path.format(id=document.id))
    assert (answer.status, answer.code) == (403, "wrong_role")


@pytest.mark.parametrize(("method", "path"), [route for route in ROUTES if "{id}" in route[1]])
def test_papers_of_others_are_404_and_stay_as_they_are(api, cabinet, method, path):
    document, ama = sent(cabinet, member()), by(api, member())
    headers = {"If-Match": '"1"'}
    refused = ama.send(method, path.format(id=document.id), headers=headers)
    unknown = ama.send(method, path.format(id=new_id()), headers=headers)
    assert (refused.status, refused.code) == (404, "not_found")
    assert {**refused.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    assert Document.objects.get().state == "uploaded"
    assert ama.get(LIST).json["items"] == []


def test_hirers_climb_without_a_skill(api, cabinet):
    ama = member(role="hirer")
    verified(cabinet, ama)
    assert by(api, ama).get("/me/verification").json["level"] == 1


@pytest.mark.in_process
def test_a_list_of_any_length_costs_the_same(api, cabinet, django_assert_max_num_queries):
    kofi, efua = member(), reviewer()
    for kind in ("photo", "national_id", "selfie", "address", "certificate"):
        approved(waiting(cabinet, kofi, kind), by=efua)
        token = log_in(kofi).access_token
        with django_assert_max_num_queries(2, connection=connections["identity"]):
            assert api.with_token(token).get(LIST).status == 200
