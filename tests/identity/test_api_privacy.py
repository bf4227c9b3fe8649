"""Copies of one's data and erasure over REST."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity.models import DataExport, Erasure
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from tests.identity.factories import principal_of, sign_up, staff

pytestmark = pytest.mark.domain("identity")

ROUTES = [
    ("GET", "/me/exports"),
    ("POST", "/me/exports"),
    ("GET", "/me/exports/{id}"),
    ("POST", "/me/exports/{id}/link"),
    ("GET", "/me/erasure"),
    ("POST", "/me/erasure"),
    ("POST", "/me/erasure/withdraw"),
]


@pytest.fixture
def kofi():
    return sign_up()


@pytest.fixture
def mine(api, kofi):
    return api.with_token(kofi.access_token)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nobody_and_staff_are_kept_out(api, method, path):
    path = path.format(id=new_id())
    assert api.anonymous.send(method, path).status == 401
    boss = staff()
    from kelmah.principal import Principal

    at_the_desk = api.as_(Principal(user_id=boss.id, roles=frozenset({"staff"}), session_id=new_id()))
    assert at_the_desk.send(method, path).status == 403


def test_a_copy_is_asked_for_once_a_day(mine):
    answer = mine.post("/me/exports")
    assert (answer.status, answer.json["state"]) == (202, "collecting")
    again = mine.post("/me/exports")
    assert (again.status, again.code) == (429, "export_too_soon")
    assert int(again.headers["Retry-After"]) > 86_000
    seen = mine.get(f"/me/exports/{answer.json['id']}")
    assert {part["domain"] for part in seen.json["parts"]} >= {"payments", "contracts", "files", "messaging"}
    assert mine.post(f"/me/exports/{answer.json['id']}/link").code == "export_not_ready"


def test_copies_of_others_are_not_there(api, mine):
    answer = mine.post("/me/exports")
    thief = api.with_token(sign_up().access_token)
    assert thief.get(f"/me/exports/{answer.json['id']}").status == 404
    assert thief.post(f"/me/exports/{answer.json['id']}/link").status == 404
    assert thief.get("/me/exports").json["items"] == []


def test_a_proof_is_fresh_for_a_while(mine, clock):
    answer = mine.post("/me/exports")
    clock.advance(minutes=9)
    assert mine.post(f"/me/exports/{answer.json['id']}/link").code == "export_not_ready"


def test_the_proof_must_be_fresh(api, kofi, clock):
    clock.advance(minutes=9)
    refreshed = api.anonymous.post("/auth/refresh", {"refresh_token": kofi.refresh_token}).json
    clock.advance(minutes=2)
    later = api.with_token(refreshed["access_token"])
    for path in ("/me/exports", "/me/erasure", f"/me/exports/{new_id()}/link"):
        answer = later.post(path)
        assert (answer.status, answer.code) == (403, "step_up_required"), path


def test_one_asks_to_be_erased_and_stays(mine):
    assert mine.get("/me/erasure").status == 404
    answer = mine.post("/me/erasure")
    assert (answer.status, answer.json["state"], answer.json["available_transitions"]) == (
        202,
        "cooling_off",
        ["withdraw"],
    )
    assert mine.get("/me/erasure").etag == answer.etag
    assert mine.post("/me/erasure").code == "erasure_asked_already"
    assert mine.post("/me/erasure/withdraw").status == 428
    assert mine.post("/me/erasure/withdraw", if_match=9).status == 412
    assert mine.post("/me/erasure/withdraw", if_match=1).json["state"] == "withdrawn"
    assert mine.post("/me/erasure/withdraw", if_match=2).status == 404


def test_erasures_of_others_are_not_touched(api, mine):
    mine.post("/me/erasure")
    thief = api.with_token(sign_up().access_token)
    assert thief.get("/me/erasure").status == 404
    assert thief.post("/me/erasure/withdraw", if_match=1).status == 404
    assert Erasure.objects.get().state == "cooling_off"


@pytest.mark.in_process
def test_the_list_costs_the_same_however_long(mine, kofi):
    def queries() -> int:
        with CaptureQueriesContext(connections["identity"]) as seen:
            assert mine.get("/me/exports").status == 200
        return len(seen)

    few = queries()
    now = kelmah_clock.now()
    DataExport.objects.bulk_create(
        DataExport(user_id=kofi.user.id, state="failed", requested_at=now) for _ in range(30)
    )
    assert queries() == few
    assert principal_of(kofi).user_id == kofi.user.id
