"""API keys over REST: kept by people, exchanged by programs."""

import pytest
from django.db import connections

from domains.identity.actions import api_keys, suspend_user
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import AccountChanged
from kelmah.interfaces.identity.types import KEY_SCOPES
from tests.identity.factories import sign_up, staff

pytestmark = pytest.mark.domain("identity", transaction=True)

WANTED = {"name": "Night import", "scopes": ["profiles:read", "marketplace:read"]}


@pytest.fixture
def owner():
    return sign_up()


def made_by(api, tokens, **wanted):
    answer = api.with_token(tokens.access_token).post("/me/api-keys", WANTED | wanted)
    assert answer.status == 201, answer
    return answer.json


def exchanged(api, key: str) -> str:
    answer = api.anonymous.post("/auth/key-token", {"api_key": key})
    assert answer.status == 200, answer
    return answer.json["access_token"]


def test_a_key_is_shown_once_and_listed_without_its_secret(api, owner, published):
    made = made_by(api, owner)
    assert made["key"].startswith(made["prefix"])
    (listed,) = api.with_token(owner.access_token).get("/me/api-keys").json["items"]
    assert "key" not in listed
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert (listed["state"], listed["mode"], listed["last_used_at"]) == ("active", "live", None)
    assert [event.detail for event in published.of(AccountChanged)] == ["Night import"]
    assert made["key"] not in str(published)


def test_a_program_exchanges_its_key_and_comes_in(api, owner):
    made = made_by(api, owner)
    answer = api.anonymous.post("/auth/key-token", {"api_key": made["key"]})
    assert (answer.json["expires_in"], answer.json["scopes"]) == (600, sorted(WANTED["scopes"]))
    seen = api.with_token(answer.json["access_token"]).get(f"/profiles/{owner.user.id}")
    assert (seen.status, seen.headers["Kelmah-Key-Mode"]) == (200, "live")
    listed = api.with_token(owner.access_token).get("/me/api-keys").json["items"][0]
    assert listed["last_used_at"] is not None
    assert listed["last_used_address"] == "127.0.0.1"


def test_the_key_itself_is_no_bearer_token_and_says_what_to_do(api, owner):
    refused = api.with_token(made_by(api, owner)["key"]).get(f"/profiles/{owner.user.id}")
    assert (refused.status, refused.code) == (401, "token_invalid")
    assert "/auth/key-token" in refused.json["detail"]


def test_a_key_in_the_address_is_not_looked_at(api, owner):
    key = made_by(api, owner)["key"]
    assert api.anonymous.get("/me", api_key=key).code == "unauthenticated"
    assert api.anonymous.post(f"/auth/key-token?api_key={key}", {}).status == 400


@pytest.mark.parametrize("wrong", ["", "kk_live_00000000_x_00000000", "x" * 201, None, 5, ["kk"]])
def test_what_is_no_key_is_refused(api, wrong):
    answer = api.anonymous.post("/auth/key-token", {"api_key": wrong})
    assert answer.status in (400, 401)


def test_a_key_without_the_scope_is_told_which(api, owner):
    token = exchanged(api, made_by(api, owner, scopes=["marketplace:read"])["key"])
    refused = api.with_token(token).get(f"/profiles/{owner.user.id}")
    assert (refused.status, refused.code, refused.json["data"]["scope"]) == (403, "scope_missing", "profiles:read")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/me"),
        ("get", "/me/profile"),
        ("patch", "/me/profile"),
        ("get", "/me/sessions"),
        ("delete", "/me/sessions"),
        ("delete", "/me/sessions/01930d2a-0f00-7e66-8e66-7a0b9d4f2c05"),
        ("get", "/me/api-keys"),
        ("post", "/me/api-keys"),
        ("delete", "/me/api-keys/01930d2a-0f00-7e66-8e66-7a0b9d4f2c05"),
        ("post", "/me/api-keys/01930d2a-0f00-7e66-8e66-7a0b9d4f2c05/rotate"),
        ("get", "/me/factors"),
        ("post", "/auth/logout"),
        ("get", "/me/companies"),
        ("post", "/companies"),
    ],
)
def test_a_key_with_every_scope_opens_nothing_that_is_for_people(api, owner, method, path):
    token = exchanged(api, made_by(api, owner, scopes=list(KEY_SCOPES))["key"])
    refused = getattr(api.with_token(token), method)(path)
    assert (refused.status, refused.code) == (403, "key_not_allowed")


def test_a_revoked_key_and_its_tokens_are_dead_at_once(api, owner):
    made = made_by(api, owner)
    token = exchanged(api, made["key"])
    mine = api.with_token(owner.access_token)
    assert mine.delete(f"/me/api-keys/{made['id']}").status == 204
    assert api.with_token(token).get(f"/profiles/{owner.user.id}").code == "token_invalid"
    refused = api.anonymous.post("/auth/key-token", {"api_key": made["key"]})
    assert (refused.status, refused.code) == (401, "api_key_invalid")
    assert mine.get("/me/api-keys").json["items"][0]["state"] == "revoked"
    assert mine.delete(f"/me/api-keys/{made['id']}").status == 404


def test_both_keys_work_while_a_rotation_overlaps(api, owner, clock):
    old = made_by(api, owner, expires_in_days=30)
    mine = api.with_token(owner.access_token)
    new = mine.post(f"/me/api-keys/{old['id']}/rotate", {"overlap_hours": 2})
    assert new.status == 201
    assert (new.json["scopes"], new.json["name"]) == (old["scopes"], old["name"])
    clock.advance(minutes=119)
    exchanged(api, old["key"])
    exchanged(api, new.json["key"])
    clock.advance(minutes=1)
    assert api.anonymous.post("/auth/key-token", {"api_key": old["key"]}).code == "api_key_invalid"
    exchanged(api, new.json["key"])


def test_a_key_rotated_without_overlap_dies_with_its_tokens(api, owner):
    old = made_by(api, owner)
    token = exchanged(api, old["key"])
    new = api.with_token(owner.access_token).post(f"/me/api-keys/{old['id']}/rotate", {"overlap_hours": 0}).json
    assert api.with_token(token).get(f"/profiles/{owner.user.id}").code == "token_invalid"
    exchanged(api, new["key"])


def test_a_key_is_rotated_once(api, owner):
    old = made_by(api, owner)
    mine = api.with_token(owner.access_token)
    new = mine.post(f"/me/api-keys/{old['id']}/rotate", {}).json
    again = mine.post(f"/me/api-keys/{old['id']}/rotate", {})
    assert (again.status, again.code, again.json["data"]["successor"]) == (409, "api_key_replaced", new["id"])


def test_keys_of_others_are_404_and_live_on(api, owner):
    made, mine = made_by(api, owner), api.with_token(sign_up().access_token)
    assert mine.get("/me/api-keys").json["items"] == []
    for key_id in (made["id"], new_id()):
        assert mine.delete(f"/me/api-keys/{key_id}").code == "not_found"
        assert mine.post(f"/me/api-keys/{key_id}/rotate", {}).code == "not_found"
    exchanged(api, made["key"])


def test_staff_keep_no_keys(api, principal):
    somebody = api.as_(principal("staff", user_id=staff().id))
    assert somebody.post("/me/api-keys", WANTED).code == "wrong_role"
    assert somebody.get("/me/api-keys").code == "wrong_role"
    assert somebody.delete(f"/me/api-keys/{new_id()}").code == "wrong_role"
    assert somebody.post(f"/me/api-keys/{new_id()}/rotate", {}).code == "wrong_role"


def test_nobody_keeps_no_keys(api):
    assert api.anonymous.post("/me/api-keys", WANTED).status == 401
    assert api.anonymous.get("/me/api-keys").status == 401
    assert api.anonymous.delete(f"/me/api-keys/{new_id()}").status == 401
    assert api.anonymous.post(f"/me/api-keys/{new_id()}/rotate", {}).status == 401


def test_making_and_rotating_ask_who_is_there_and_revoking_does_not(api, owner, clock):
    made = made_by(api, owner)
    clock.advance(minutes=9)
    actions_token = api.anonymous.post("/auth/refresh", {"refresh_token": owner.refresh_token}).json["access_token"]
    clock.advance(minutes=2)
    mine = api.with_token(actions_token)
    assert mine.post("/me/api-keys", WANTED).code == "step_up_required"
    assert mine.post(f"/me/api-keys/{made['id']}/rotate", {}).code == "step_up_required"
    assert mine.delete(f"/me/api-keys/{made['id']}").status == 204


def test_keys_of_somebody_who_is_suspended_open_nothing(api, owner):
    key = made_by(api, owner)["key"]
    token = exchanged(api, key)
    suspend_user(user_id=owner.user.id)
    assert api.anonymous.post("/auth/key-token", {"api_key": key}).code == "api_key_invalid"
    assert api.with_token(token).get(f"/profiles/{owner.user.id}").code == "token_stale"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "x" * 81},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["identity:write"]},
        {"scopes": "profiles:read"},
        {"mode": "free"},
        {"expires_in_days": 0},
        {"expires_in_days": 366},
        {"expires_in_days": "7"},
        {"user_id": "01930d2a-0f00-7e66-8e66-7a0b9d4f2c05"},
    ],
    ids=str,
)
def test_bad_wishes_are_refused_field_by_field(api, owner, wrong):
    answer = api.with_token(owner.access_token).post("/me/api-keys", WANTED | wrong)
    assert answer.status == 400
    assert answer.json["errors"][0]["pointer"].startswith(f"/{next(iter(wrong))}")


def test_of_twenty_one_keys_the_last_is_refused(api, owner):
    for _ in range(20):
        api_keys.make_key(user_id=owner.user.id, name="x", scopes=["profiles:read"])
    refused = api.with_token(owner.access_token).post("/me/api-keys", WANTED)
    assert (refused.status, refused.code) == (409, "too_many_api_keys")


@pytest.mark.in_process
def test_a_list_of_any_length_is_one_statement(api, owner, django_assert_num_queries):
    for length in (1, 6):
        for _ in range(5):
            api_keys.make_key(user_id=owner.user.id, name=f"{length}", scopes=["profiles:read"])
        with django_assert_num_queries(1, connection=connections["identity"]):
            assert api.with_token(owner.access_token).get("/me/api-keys").status == 200
