"""Companies over REST."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from domains.identity.models import CompanyInvitation
from kelmah.http.authentication import read_access_token
from kelmah.ids import new_id
from kelmah.principal import Principal
from tests.identity.companies import FORM, founded, invited, joined, letter_token
from tests.identity.factories import principal_of, sign_up, staff

pytestmark = pytest.mark.domain("identity")

OSU = {"name": "Osu, Accra", "latitude": 5.556123, "longitude": -0.182456}


@pytest.fixture
def owner():
    return sign_up(role="hirer")


@pytest.fixture
def company_id(owner):
    return founded(owner)


@pytest.fixture
def by_owner(api, owner):
    return caller(api, owner)


def caller(api, tokens):
    return api.as_(principal_of(tokens))


# --- founding, seeing, changing ----------------------------------------------------------------------------------


def test_a_hirer_founds_a_company_and_changes_it(by_owner, owner):
    answer = by_owner.post("/companies", FORM | {"place": OSU})
    assert (answer.status, answer.etag) == (201, '"1"')
    assert answer.json["owner_id"] == str(owner.user.id)
    assert (answer.json["my_role"], answer.json["place"]) == ("owner", OSU)
    assert "leave" not in answer.json["i_may"]
    assert "hand_over" in answer.json["i_may"]
    path = f"/companies/{answer.json['id']}"
    assert by_owner.get(path).json == answer.json
    changed = by_owner.patch(path, {"name": "Osu Joinery", "place": None}, if_match=1)
    assert (changed.status, changed.etag, changed.json["name"], changed.json["place"]) == (
        200,
        '"2"',
        "Osu Joinery",
        None,
    )
    assert by_owner.patch(path, {"size": "1"}).status == 428
    assert by_owner.patch(path, {"size": "1"}, if_match=1).status == 412
    assert [each["id"] for each in by_owner.get("/me/companies").json["items"]] == [answer.json["id"]]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": ""}, {"/name": "blank"}),
        ({"name": "<b>"}, {"/name": "invalid"}),
        ({"size": "7"}, {"/size": "invalid_choice"}),
        ({"industry": "crime"}, {"/industry": "invalid_choice"}),
        ({"place": {"name": "Osu"}}, {"/place/latitude": "required", "/place/longitude": "required"}),
        ({"owner_id": str(new_id())}, {"/owner_id": "unknown_field"}),
    ],
)
def test_bad_forms_are_refused_field_by_field(by_owner, change, expected):
    answer = by_owner.post("/companies", FORM | change)
    assert answer.status == 400
    assert {error["pointer"]: error["code"] for error in answer.json["errors"]} == expected


def routes(company_id, invitation_id, user_id):
    at = f"/companies/{company_id}"
    return [
        ("GET", at, None), ("PATCH", at, {"size": "1"}), ("POST", f"{at}/owner", {"user_id": str(user_id)}),
        ("GET", f"{at}/members", None), ("PATCH", f"{at}/members/{user_id}", {"role": "finance"}),
        ("DELETE", f"{at}/members/{user_id}", None), ("GET", f"{at}/invitations", None),
        ("POST", f"{at}/invitations", {"email": "x@example.com", "role": "member"}),
        ("POST", f"{at}/invitations/{invitation_id}/resend", None),
        ("POST", f"{at}/invitations/{invitation_id}/withdraw", None),
    ]  # fmt: skip


def ask(client, method, path, body):
    send = {"GET": lambda: client.get(path), "PATCH": lambda: client.patch(path, body, if_match=1)}
    send |= {"POST": lambda: client.post(path, body, if_match=1), "DELETE": lambda: client.delete(path)}
    return send[method]()


@pytest.mark.parametrize("number", range(10))
def test_outsiders_staff_and_nobody_are_kept_out(api, owner, company_id, number):
    esi = joined(company_id, owner=owner)
    invitation = invited(company_id, by=owner, email="new@example.com")
    method, path, body = routes(company_id, invitation.id, esi.user.id)[number]
    outsider = caller(api, sign_up(role="hirer"))
    answer = ask(outsider, method, path, body)
    assert (answer.status, answer.code) == (404, "not_found"), answer
    unknown = ask(outsider, *[part.replace(str(company_id), str(new_id())) if n == 1 else part
                              for n, part in enumerate((method, path, body))])  # fmt: skip
    assert unknown.json["title"] == answer.json["title"]
    clerk = staff()
    assert ask(api.as_(Principal(user_id=clerk.id, roles=frozenset({"staff"}))), method, path, body).status == 403
    assert ask(api.anonymous, method, path, body).status == 401


def test_workers_found_no_company_and_nobody_neither(api):
    assert caller(api, sign_up(role="worker")).post("/companies", FORM).status == 403
    assert api.anonymous.post("/companies", FORM).status == 401


def test_a_plain_member_may_look_and_leave_and_nothing_else(api, owner, company_id):
    esi, other = joined(company_id, owner=owner), joined(company_id, owner=owner)
    invitation = invited(company_id, by=owner, email="new@example.com")
    client = caller(api, esi)
    for method, path, body in routes(company_id, invitation.id, other.user.id):
        looks = method == "GET" and "invitations" not in path
        assert ask(client, method, path, body).status == (200 if looks else 403), (method, path)
    assert client.delete(f"/companies/{company_id}/members/{esi.user.id}").status == 204
    assert client.get(f"/companies/{company_id}").status == 404


# --- members -----------------------------------------------------------------------------------------------------


def test_members_are_listed_with_names_and_without_addresses(by_owner, owner, company_id):
    esi = joined(company_id, owner=owner, role="hiring")
    page = by_owner.get(f"/companies/{company_id}/members")
    assert [(each["user_id"], each["role"]) for each in page.json["items"]] == [
        (str(owner.user.id), "owner"),
        (str(esi.user.id), "hiring"),
    ]
    assert "example.com" not in page.content.decode()


def test_the_owner_stays(by_owner, owner, company_id):
    at = f"/companies/{company_id}/members/{owner.user.id}"
    for answer in (by_owner.delete(at), by_owner.patch(at, {"role": "member"})):
        assert (answer.status, answer.code) == (409, "owner_stays")


def test_roles_change_and_ownership_passes(by_owner, owner, company_id):
    esi = joined(company_id, owner=owner)
    at = f"/companies/{company_id}"
    answer = by_owner.patch(f"{at}/members/{esi.user.id}", {"role": "admin"})
    assert (answer.status, answer.json["role"]) == (200, "admin")
    assert by_owner.patch(f"{at}/members/{esi.user.id}", {"role": "owner"}).status == 400
    assert by_owner.patch(f"{at}/members/{new_id()}", {"role": "admin"}).status == 404
    assert by_owner.post(f"{at}/owner", {"user_id": str(esi.user.id)}).status == 428
    answer = by_owner.post(f"{at}/owner", {"user_id": str(esi.user.id)}, if_match=1)
    assert (answer.status, answer.json["my_role"], answer.json["owner_id"]) == (200, "admin", str(esi.user.id))


@pytest.mark.in_process
@pytest.mark.parametrize("path", ["members", "invitations", "me"])
def test_lists_cost_the_same_however_long(by_owner, owner, company_id, path):
    at = "/me/companies" if path == "me" else f"/companies/{company_id}/{path}"
    costs = []
    for _ in range(2):
        for _n in range(3):
            joined(company_id, owner=owner)
            invited(company_id, by=owner, email=f"{new_id()}@example.com")
        if path == "me":
            founded(owner)
        by_owner.get(at)
        with CaptureQueriesContext(connections["identity"]) as queries:
            page = by_owner.get(at)
        assert page.status == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 3


def test_lists_go_on_where_they_stopped(by_owner, owner, company_id):
    everybody = {str(joined(company_id, owner=owner).user.id) for _ in range(4)} | {str(owner.user.id)}
    seen, cursor = [], None
    while True:
        page = by_owner.get(f"/companies/{company_id}/members", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [each["user_id"] for each in page.json["items"]]
        if not (cursor := page.json["next"]):
            break
    assert len(seen) == 5
    assert set(seen) == everybody


# --- invitations -------------------------------------------------------------------------------------------------


def test_an_invitation_is_answered_the_same_whether_the_address_has_an_account(by_owner, company_id):
    sign_up(email="esi@example.com")
    at = f"/companies/{company_id}/invitations"
    known = by_owner.post(at, {"email": "ESI@Example.com", "role": "hiring"})
    unknown = by_owner.post(at, {"email": "nobody@example.com", "role": "hiring"})
    assert known.status == unknown.status == 201
    assert known.json.keys() == unknown.json.keys()
    assert known.json["email"] == "esi@example.com"
    assert known.json["available_transitions"] == ["resend", "withdraw"]
    assert "token" not in known.content.decode()


def test_whoever_is_invited_sees_it_and_joins(api, by_owner, owner, company_id):
    esi = sign_up(role="worker")
    client = caller(api, esi)
    invited(company_id, by=owner, email=esi.user.email, role="finance")
    (mine,) = client.get("/me/invitations").json["items"]
    assert (mine["company"]["name"], mine["role"]) == (FORM["name"], "finance")
    answer = client.post(f"/me/invitations/{mine['id']}/accept")
    assert (answer.status, answer.json["my_role"]) == (200, "finance")
    assert client.get("/me/invitations").json["items"] == []
    again = client.post(f"/me/invitations/{mine['id']}/accept")
    assert (again.status, again.code) == (409, "invitation_over")
    assert api.anonymous.get("/me/invitations").status == 401


def test_anothers_invitation_is_not_there(api, owner, company_id):
    invitation = invited(company_id, by=owner, email="esi@example.com")
    thief = caller(api, sign_up(role="hirer"))
    for answer_with in ("accept", "decline"):
        assert thief.post(f"/me/invitations/{invitation.id}/{answer_with}").status == 404
    assert thief.get("/me/invitations").json["items"] == []


def test_a_stranger_signs_up_and_joins_by_the_letter(api, owner, company_id):
    invitation = invited(company_id, by=owner, email="esi@example.com", role="hiring")
    token = letter_token(invitation)
    assert api.anonymous.post("/invitations/accept", {"token": token}).status == 401
    esi = sign_up(role="hirer", email="esi.owusu@example.com")
    answer = caller(api, esi).post("/invitations/accept", {"token": token})
    assert (answer.status, answer.json["my_role"]) == (200, "hiring")
    answer = caller(api, sign_up(role="hirer")).post("/invitations/accept", {"token": token})
    assert (answer.status, answer.code) == (404, "invitation_not_found")


def test_anybody_with_the_letter_declines_without_an_account(api, owner, company_id):
    token = letter_token(invited(company_id, by=owner, email="esi@example.com"))
    assert api.anonymous.post("/invitations/decline", {"token": token}).status == 204
    assert CompanyInvitation.objects.get().state == "declined"
    for wrong in (token, "x" * 43, "x", "ab\x00"):
        assert api.anonymous.post("/invitations/decline", {"token": wrong}).status in (400, 404)


def test_invitations_are_sent_again_and_taken_back(by_owner, owner, company_id, clock):
    invitation = invited(company_id, by=owner, email="esi@example.com")
    at = f"/companies/{company_id}/invitations/{invitation.id}"
    soon = by_owner.post(f"{at}/resend", if_match=1)
    assert (soon.status, soon.code) == (429, "sent_too_often")
    assert int(soon.headers["Retry-After"]) > 200
    answer = by_owner.post(f"{at}/withdraw", if_match=1)
    assert (answer.status, answer.json["state"], answer.json["available_transitions"]) == (200, "withdrawn", [])
    assert by_owner.post(f"{at}/withdraw", if_match=2).status == 409
    assert by_owner.post(f"{at}/withdraw", if_match=1).status == 412
    assert by_owner.post(f"/companies/{company_id}/invitations/{new_id()}/withdraw", if_match=1).status == 404


# --- acting for a company ----------------------------------------------------------------------------------------


def test_tokens_say_for_which_company_one_acts_until_one_leaves_it(api, owner, company_id):
    esi = joined(company_id, owner=owner, role="hiring")
    client = caller(api, esi)
    answer = client.post("/me/company", {"company_id": str(company_id)})
    assert answer.status == 200, answer
    acting, _ = read_access_token(answer.json["access_token"])
    assert acting.company_id == company_id
    assert ("company", str(company_id)) in acting.scopes
    refreshed = api.anonymous.post("/auth/refresh", {"refresh_token": esi.refresh_token}).json
    assert read_access_token(refreshed["access_token"])[0].company_id == company_id
    assert caller(api, owner).delete(f"/companies/{company_id}/members/{esi.user.id}").status == 204
    refreshed = api.anonymous.post("/auth/refresh", {"refresh_token": refreshed["refresh_token"]}).json
    after, _ = read_access_token(refreshed["access_token"])
    assert after.company_id is None
    assert not after.scopes
    assert client.post("/me/company", {"company_id": str(company_id)}).status in (401, 404)


def test_one_acts_for_oneself_again(api, owner, company_id):
    client = caller(api, owner)
    client.post("/me/company", {"company_id": str(company_id)})
    answer = client.post("/me/company", {"company_id": None})
    assert answer.status == 200
    assert read_access_token(answer.json["access_token"])[0].company_id is None


def test_nobody_acts_for_a_company_of_others(api, company_id):
    stranger = sign_up(role="hirer")
    assert api.with_token(stranger.access_token).post("/me/company", {"company_id": str(company_id)}).status == 404
    assert api.anonymous.post("/me/company", {"company_id": str(company_id)}).status == 401
    assert caller(api, stranger).post("/me/company", {}).status == 400


# --- in public ---------------------------------------------------------------------------------------------------


def test_everybody_sees_the_companies_that_a_hirer_stands_for(api, owner):
    shown = founded(owner, place=None)
    stands, hidden = joined(shown, owner=owner, role="hiring"), joined(shown, owner=owner, role="finance")
    worker = joined(shown, owner=owner, role="admin", who=sign_up(role="worker"))
    for tokens, expected in ((owner, [str(shown)]), (stands, [str(shown)]), (hidden, []), (worker, [])):
        answer = api.anonymous.get(f"/profiles/{tokens.user.id}/companies")
        assert (answer.status, [each["id"] for each in answer.json["items"]]) == (200, expected)
    assert set(api.anonymous.get(f"/profiles/{owner.user.id}/companies").json["items"][0]) == {
        "id", "name", "size", "industry", "place",
    }  # fmt: skip
    assert api.anonymous.get(f"/profiles/{new_id()}/companies").status == 404
