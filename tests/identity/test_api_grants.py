"""Roles of staff over REST."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity.actions import role_requests
from domains.identity.models import RoleGrant, RoleRequest, User
from kelmah.ids import new_id
from kelmah.principal import Principal
from tests.identity.factories import colleague, hold, sign_up, staff

pytestmark = pytest.mark.domain("identity")

WHY = "Joins the support team"


def caller(api, user: User, *roles: str):
    return api.as_(Principal(user_id=user.id, roles=frozenset({"staff", *roles})))


@pytest.fixture
def efua() -> User:
    return colleague("compliance")


@pytest.fixture
def yaa() -> User:
    return colleague("admin")


@pytest.fixture
def kofi() -> User:
    return colleague()


@pytest.fixture
def by_efua(api, efua):
    return caller(api, efua, "compliance")


@pytest.fixture
def by_yaa(api, yaa):
    return caller(api, yaa, "admin")


@pytest.fixture
def asked(efua, kofi) -> RoleRequest:
    return role_requests.ask(user_id=kofi.id, role="support", by_id=efua.id, reason=WHY)


def form(user: User, **changes) -> dict:
    return {"user_id": str(user.id), "role": "support", "reason": WHY} | changes


def test_a_role_is_asked_for_approved_seen_and_withdrawn(by_efua, by_yaa, kofi, yaa):
    answer = by_efua.post("/role_requests", form(kofi))
    assert (answer.status, answer.etag, answer.json["state"]) == (201, '"1"', "open")
    assert answer.json["available_transitions"] == ["withdraw"]
    at = f"/role_requests/{answer.json['id']}"
    assert by_efua.get(at).json == answer.json
    assert by_yaa.get(at).json["available_transitions"] == ["approve", "decline"]
    assert by_efua.post(f"{at}/approve", {}, if_match=1).code == "own_request"
    approved = by_yaa.post(f"{at}/approve", {"note": "Welcome"}, if_match=1)
    assert (approved.status, approved.etag, approved.json["state"]) == (200, '"2"', "approved")
    assert approved.json["decided_by"] == {"id": str(yaa.id), "name": yaa.display_name}
    (grant,) = by_efua.get("/grants", user_id=str(kofi.id)).json["items"]
    assert (grant["role"], grant["approved_by"]["id"], grant["reason"]) == ("support", str(yaa.id), WHY)
    gone = f"/grants/{grant['id']}/withdraw"
    assert by_efua.post(gone, {"reason": "Left the team"}).status == 204
    assert by_efua.get("/grants", user_id=str(kofi.id)).json["items"] == []
    (ended,) = by_efua.get("/grants", user_id=str(kofi.id), ended="true").json["items"]
    assert ended["end_reason"] == "Left the team"


def test_a_request_is_declined_with_a_reason_or_taken_back(by_efua, by_yaa, asked, kofi):
    at = f"/role_requests/{asked.id}"
    assert by_yaa.post(f"{at}/decline", {"note": ""}, if_match=1).status == 400
    declined = by_yaa.post(f"{at}/decline", {"note": "Not trained"}, if_match=1)
    assert (declined.status, declined.json["note"]) == (200, "Not trained")
    assert by_yaa.post(f"{at}/approve", {}, if_match=2).status == 409
    again = by_efua.post("/role_requests", form(kofi)).json["id"]
    assert by_yaa.post(f"/role_requests/{again}/withdraw", if_match=1).status == 403
    assert by_efua.post(f"/role_requests/{again}/withdraw", if_match=1).json["state"] == "withdrawn"
    assert not RoleGrant.objects.filter(user=kofi).exists()


def test_versions_are_asked_for(by_yaa, asked):
    at = f"/role_requests/{asked.id}"
    for step in ("approve", "decline"):
        assert by_yaa.post(f"{at}/{step}", {"note": "x"}).status == 428
        assert by_yaa.post(f"{at}/{step}", {"note": "x"}, if_match=7).status == 412


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"role": "company_owner"}, 400, "invalid_input"),
        ({"role": "staff"}, 400, "invalid_input"),
        ({"reason": ""}, 400, "invalid_input"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 400, "invalid_input"),
        ({"state": "approved"}, 400, "invalid_input"),
        ({"asked_by": str(new_id())}, 400, "invalid_input"),
        ({"user_id": str(new_id())}, 404, "not_found"),
    ],
)
def test_bad_requests_are_refused(by_efua, kofi, change, status, code):
    answer = by_efua.post("/role_requests", form(kofi, **change))
    assert (answer.status, answer.code) == (status, code)


def test_members_get_no_role_of_staff_and_staff_none_by_themselves(by_efua, efua):
    assert by_efua.post("/role_requests", form(sign_up().user)).code == "not_staff"
    assert by_efua.post("/role_requests", form(efua)).code == "forbidden"


def routes(asked: RoleRequest, grant: RoleGrant, user: User):
    at = f"/role_requests/{asked.id}"
    return [
        ("GET", "/role_requests", None), ("POST", "/role_requests", form(user)), ("GET", at, None),
        ("POST", f"{at}/approve", {}), ("POST", f"{at}/decline", {"note": "No"}), ("POST", f"{at}/withdraw", None),
        ("GET", "/grants", None), ("POST", f"/grants/{grant.id}/withdraw", {"reason": "No"}),
    ]  # fmt: skip


def send(client, method, path, body):
    return client.get(path) if method == "GET" else client.post(path, body, if_match=1)


@pytest.mark.parametrize("number", range(8))
def test_only_compliance_and_administrators_come_in(api, asked, yaa, kofi, number):
    method, path, body = routes(asked, yaa.grants.get(), kofi)[number]
    assert send(api.anonymous, method, path, body).status == 401
    for roles in (("worker",), ("hirer",), ("staff",), ("staff", "support"), ("staff", "moderator", "finance")):
        outsider = api.as_(Principal(user_id=sign_up().user.id, roles=frozenset(roles)))
        assert send(outsider, method, path, body).code == "wrong_role", roles
    assert RoleRequest.objects.get(id=asked.id).state == "open"


def test_a_token_that_says_more_than_is_true_changes_nothing(api, asked, kofi, yaa):
    """The roles of a token may be ten minutes old: what changes rights looks again."""
    liar = caller(api, sign_up().user, "admin")
    assert liar.post(f"/role_requests/{asked.id}/approve", {}, if_match=1).code == "wrong_role"
    assert liar.post("/role_requests", form(kofi, role="finance")).code == "wrong_role"
    assert liar.post(f"/grants/{yaa.grants.get().id}/withdraw", {"reason": "A coup"}).code == "wrong_role"


def test_what_nobody_asked_for_or_holds_is_not_found(by_yaa):
    assert by_yaa.get(f"/role_requests/{new_id()}").status == 404
    assert by_yaa.post(f"/role_requests/{new_id()}/approve", {}, if_match=1).status == 404
    assert by_yaa.post(f"/role_requests/{new_id()}/withdraw", if_match=1).status == 404
    assert by_yaa.post(f"/grants/{new_id()}/withdraw", {"reason": "x"}).status == 404


@pytest.mark.in_process
def test_lists_cost_the_same_whatever_their_length(by_efua, efua):
    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connections["identity"]) as asking:
            requests = by_efua.get("/role_requests", state="open").json["items"]
            grants = by_efua.get("/grants").json["items"]
        return len(asking), len(requests) + len(grants)

    def one_more() -> None:
        role_requests.ask(user_id=colleague("finance").id, role="support", by_id=efua.id, reason=WHY)
        hold(sign_up().user, by=staff())

    one_more()
    queries, length = cost()
    for _ in range(4):
        one_more()
    more_queries, longer = cost()
    assert (more_queries, longer) == (queries, length + 12)
