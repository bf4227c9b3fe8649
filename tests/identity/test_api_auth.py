"""Logging in, refreshing and logging out over REST."""

import jwt
import pytest

from domains.identity import actions
from domains.identity.models import AuthSession, Registration, User
from kelmah.http.keys import public_ring
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, SignUpFactory, colleague, sign_up

pytestmark = pytest.mark.domain("identity")


def pointers(answer) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in answer.json.get("errors", [])}


def logged_in(api, **options) -> dict:
    """What somebody new is answered."""
    form = {"login": sign_up().user.email, "password": PASSWORD}
    return api.anonymous.post("/auth/login", form, **options).json


# --- login -------------------------------------------------------------------------------------------------------


def test_the_access_token_is_verified_with_the_published_keys(api):
    user = sign_up().user
    answer = api.anonymous.post("/auth/login", {"login": user.email, "password": PASSWORD})
    keys = api.anonymous.get("/.well-known/jwks.json")
    assert keys.status == 200
    assert keys.json == {"keys": public_ring()}
    token = answer.json["access_token"]
    (key,) = [key for key in keys.json["keys"] if key["kid"] == jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, jwt.PyJWK(key).key, algorithms=["ES256"], audience="kelmah-api")
    assert claims["sub"] == answer.json["user"]["id"]
    assert claims["sid"] == answer.json["session_id"]
    assert claims["roles"] == ["worker"]
    assert claims["exp"] - claims["iat"] == 600
    assert "email" not in claims
    assert "display_name" not in claims


def test_logging_in_opens_a_session_of_its_own(api):
    first = sign_up(email="ama@example.com")
    answer = api.anonymous.post(
        "/auth/login",
        {"login": "Ama@Example.com", "password": PASSWORD, "device_name": "Kitchen tablet"},
        headers={"User-Agent": "Kelmah/1 (Android)"},
    )
    assert answer.status == 200
    assert answer.json["session_id"] != str(first.session_id)
    session = AuthSession.objects.get(id=answer.json["session_id"])
    assert (session.device_name, session.user_agent, session.ip) == (
        "Kitchen tablet",
        "Kelmah/1 (Android)",
        "127.0.0.1",
    )


def test_unknown_wrong_locked_and_suspended_get_the_same_answer(api):
    wrong, locked, suspended = sign_up().user, sign_up().user, sign_up().user
    for _ in range(5):
        api.anonymous.post("/auth/login", {"login": locked.email, "password": "not the password"})
    actions.suspend_user(user_id=suspended.id)
    tries = [
        ("nobody@example.com", PASSWORD),
        ("not an address", PASSWORD),
        (wrong.email, "not the password"),
        (locked.email, PASSWORD),
        (suspended.email, PASSWORD),
    ]
    answers = [api.anonymous.post("/auth/login", {"login": login, "password": word}) for login, word in tries]
    for answer in answers:
        assert (answer.status, answer.code) == (401, "login_failed")
    told = [{name: value for name, value in answer.json.items() if name != "request_id"} for answer in answers]
    assert all(each == told[0] for each in told)
    names = [set(answer.headers) for answer in answers]
    assert all(each == names[0] for each in names)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/login": "required", "/password": "required"}),
        ({"login": "a@b.com", "password": 5}, {"/password": "invalid"}),
        ({"login": ["a@b.com"], "password": "x"}, {"/login": "invalid"}),
        ({"login": {"$ne": ""}, "password": "x"}, {"/login": "invalid"}),
        ({"login": "a@b.com", "password": "x", "remember": True}, {"/remember": "unknown_field"}),
        ({"login": "a@b.com", "password": "x", "device_name": "a\nb"}, {"/device_name": "hidden_characters"}),
        ({"login": "a" * 255, "password": "x"}, {"/login": "max_length"}),
    ],
)
def test_a_malformed_login_is_refused_field_by_field(api, body, expected):
    answer = api.anonymous.post("/auth/login", body)
    assert answer.status == 400
    assert pointers(answer) == expected


def test_a_stale_token_does_not_keep_anybody_from_logging_in(api, clock):
    tokens = sign_up()
    clock.advance(minutes=20)
    stale = api.with_token(tokens.access_token)
    assert stale.get("/me").code == "token_expired"
    assert stale.post("/auth/login", {"login": tokens.user.email, "password": PASSWORD}).status == 200
    assert stale.post("/auth/refresh", {"refresh_token": tokens.refresh_token}).status == 200
    assert api.with_token("nonsense").post("/auth/register", SignUpFactory()).status == 202


def test_staff_log_in_over_rest_as_staff_and_nothing_else(api):
    user = colleague()
    answer = api.anonymous.post("/auth/login", {"login": user.email, "password": STAFF_PASSWORD})
    assert answer.json["user"]["role"] == "staff"
    client = api.with_token(answer.json["access_token"])
    assert client.get("/me").json["roles"] == ["staff"]
    assert client.get("/me/profile").code == "wrong_role"


@pytest.mark.in_process
def test_too_many_logins_from_one_address_are_limited(api, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"auth": "3/h"}
    body = {"login": "nobody@example.com", "password": PASSWORD}
    statuses = [api.anonymous.post("/auth/login", body).status for _ in range(4)]
    assert statuses == [401, 401, 401, 429]
    refused = api.anonymous.post("/auth/register", SignUpFactory())
    assert refused.code == "too_many_requests"
    assert int(refused.headers["Retry-After"]) > 0
    assert not Registration.objects.exists()


@pytest.mark.in_process
def test_without_the_store_guessing_is_not_free(api, settings):
    tokens = sign_up()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    body = {"login": tokens.user.email, "password": PASSWORD}
    assert api.anonymous.post("/auth/login", body).status == 503
    assert api.anonymous.post("/auth/refresh", {"refresh_token": tokens.refresh_token}).status == 200


@pytest.mark.in_process
def test_when_the_cores_are_busy_a_login_is_asked_to_come_back(api, monkeypatch):
    from domains.identity.actions import hashing

    monkeypatch.setattr(hashing, "PATIENCE", 0.01)
    with actions.turn():
        answer = api.anonymous.post("/auth/login", {"login": "nobody@example.com", "password": PASSWORD})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


# --- refresh and logout ------------------------------------------------------------------------------------------


def test_refreshing_gives_the_same_shape_as_logging_in(api):
    first = logged_in(api)
    answer = api.anonymous.post("/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert answer.status == 200
    assert set(answer.json) == set(first)
    assert answer.json["user"] == first["user"]
    assert answer.json["session_id"] == first["session_id"]
    assert api.with_token(answer.json["access_token"]).get("/me").status == 200


def test_a_refresh_token_in_use_answers_409_and_a_stolen_one_401(api, clock):
    first = logged_in(api)
    again = {"refresh_token": first["refresh_token"]}
    second = api.anonymous.post("/auth/refresh", again).json
    busy = api.anonymous.post("/auth/refresh", again)
    assert (busy.status, busy.code, busy.headers["Retry-After"]) == (409, "refresh_in_progress", "1")
    clock.advance(seconds=11)
    stolen = api.anonymous.post("/auth/refresh", again)
    assert (stolen.status, stolen.code) == (401, "token_reused")
    after = api.anonymous.post("/auth/refresh", {"refresh_token": second["refresh_token"]})
    assert (after.status, after.code) == (401, "token_invalid")


def test_an_idempotency_key_replays_no_tokens(api):
    first = logged_in(api, idempotency_key="a")
    again = {"refresh_token": first["refresh_token"]}
    assert api.anonymous.post("/auth/refresh", again, idempotency_key="b").status == 200
    assert api.anonymous.post("/auth/refresh", again, idempotency_key="b").status == 409
    from domains.identity.models import IdempotencyKey

    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("body", [{}, {"refresh_token": ""}, {"refresh_token": 5}, {"refresh_token": "a" * 201}])
def test_a_malformed_refresh_is_refused(api, body):
    assert pointers(api.anonymous.post("/auth/refresh", body)).keys() == {"/refresh_token"}


def test_nobody_logs_out(api):
    assert api.anonymous.post("/auth/logout").code == "unauthenticated"


@pytest.mark.domain("identity", transaction=True)
def test_logging_out_ends_this_session_and_no_other(api):
    first = sign_up()
    other = actions.log_in(login=first.user.email, password=PASSWORD, device=actions.Device())
    assert api.with_token(first.access_token).post("/auth/logout").status == 204
    assert api.with_token(first.access_token).get("/me").code == "token_invalid"
    assert api.anonymous.post("/auth/refresh", {"refresh_token": first.refresh_token}).code == "token_invalid"
    assert api.with_token(other.access_token).get("/me").status == 200


# --- me ----------------------------------------------------------------------------------------------------------


def test_nobody_is_nobody(api):
    assert api.anonymous.get("/me").code == "unauthenticated"


def test_a_token_without_an_account_is_nobody(api, principal):
    assert api.as_(principal(role="worker")).get("/me").status == 401


def test_a_suspended_member_is_nobody_even_before_the_denylist_hears_of_it(api):
    tokens = sign_up()
    User.objects.update(status="suspended")
    assert api.with_token(tokens.access_token).get("/me").status == 401
