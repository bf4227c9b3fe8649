"""What attackers send."""

import json

import pytest
from django.test import Client

from domains.identity.models import AuthSession, Registration
from kelmah.http.keys import sign_access_token
from kelmah.interfaces.identity.events import SessionRevoked
from tests.identity.factories import PASSWORD, SignUpFactory, principal_of, sign_up

pytestmark = pytest.mark.domain("identity")


def test_a_password_of_a_megabyte_is_refused_before_it_costs_anything(api):
    refused = api.anonymous.post("/auth/register", SignUpFactory(password="a" * 1_000_000))
    assert (refused.status, refused.json["errors"][0]["code"]) == (400, "max_length")
    body = {"login": "ama@example.com", "password": "a" * 1_100_000}
    assert api.anonymous.post("/auth/login", body).code == "body_too_large"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b'{"login": "\\ud800"}', b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(body):
    answer = Client().post("/api/v1/auth/login", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_form_is_not_taken_for_json():
    answer = Client().post("/api/v1/auth/login", {"login": "a@b.com", "password": PASSWORD})
    assert answer.status_code == 415


def test_a_name_twice_in_one_body_is_read_once(api):
    raw = json.dumps(SignUpFactory())[:-1] + ', "role": "staff"}'
    answer = Client().post("/api/v1/auth/register", raw, content_type="application/json")
    assert answer.status_code == 400
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    "written", ["аma@example.com", "ama@example.com\r\nBcc: x@example.com", "a\u202ema@example.com"]
)
def test_an_address_that_looks_like_anothers_is_refused(api, written):
    sign_up(email="ama@example.com")
    assert api.anonymous.post("/auth/register", SignUpFactory(email=written)).status == 400


def test_an_address_in_other_letters_is_the_same_account(api, letters):
    sign_up(email="ama@example.com")
    for written in ("ＡＭＡ@example.com", "Ama@EXAMPLE.com", " ama@example.com "):
        assert api.anonymous.post("/auth/register", SignUpFactory(email=written)).status == 202
    assert len(letters.to("ama@example.com")) == 3
    assert letters.secrets("ama@example.com") == []


def test_a_user_agent_cannot_write_into_logs(api):
    tokens = sign_up()
    api.anonymous.post(
        "/auth/login",
        {"login": tokens.user.email, "password": PASSWORD},
        headers={"User-Agent": "Mozilla\x1b[2J\x85 fine" + "x" * 1_000},
    )
    session = AuthSession.objects.exclude(id=tokens.session_id).get()
    assert session.user_agent.startswith("Mozilla[2J fine")
    assert len(session.user_agent) == 400


def test_a_forwarded_address_is_not_believed(api, settings):
    tokens = sign_up()
    body = {"login": tokens.user.email, "password": PASSWORD}
    api.anonymous.post("/auth/login", body, headers={"X-Forwarded-For": "203.0.113.9"})
    assert AuthSession.objects.exclude(id=tokens.session_id).get().ip == "127.0.0.1"


@pytest.mark.domain("identity", transaction=True)
def test_a_thief_and_the_owner_are_both_out_after_a_replay(api, clock, published):
    """The thief copies a refresh token, is quicker, and the owner's device tries again a minute later."""
    owner = sign_up()
    thief = api.anonymous.post("/auth/refresh", {"refresh_token": owner.refresh_token}).json
    assert api.with_token(thief["access_token"]).get("/me").status == 200
    clock.advance(seconds=60)
    assert api.anonymous.post("/auth/refresh", {"refresh_token": owner.refresh_token}).code == "token_reused"
    assert api.anonymous.post("/auth/refresh", {"refresh_token": thief["refresh_token"]}).code == "token_invalid"
    for token in (thief["access_token"], owner.access_token):
        assert api.with_token(token).get("/me").code == "token_invalid"
    (event,) = published.of(SessionRevoked)
    assert event.reason == "refresh_reused"


def test_a_refresh_token_opens_nothing_by_itself(api):
    tokens = sign_up()
    assert api.with_token(tokens.refresh_token).get("/me").code == "token_invalid"


def test_an_access_token_refreshes_nothing(api):
    tokens = sign_up()
    assert api.anonymous.post("/auth/refresh", {"refresh_token": tokens.access_token[:200]}).code == "token_invalid"
    assert AuthSession.objects.get().revoked_at is None


def test_the_session_of_somebody_else_with_ones_own_secret_is_not_refreshed(api):
    mine, theirs = sign_up(), sign_up()
    forged = f"{theirs.session_id}.{mine.refresh_token.split('.')[1]}"
    assert api.anonymous.post("/auth/refresh", {"refresh_token": forged}).status == 401
    assert api.anonymous.post("/auth/refresh", {"refresh_token": mine.refresh_token}).status == 200


def test_an_expired_token_says_so(api, clock):
    tokens = sign_up()
    clock.advance(seconds=606)
    assert api.with_token(tokens.access_token).get("/me").code == "token_expired"


def test_a_token_changed_by_one_letter_is_refused(api):
    header, claims, signature = sign_up().access_token.split(".")
    changed = ("A" if claims[20] != "A" else "B").join([claims[:20], claims[21:]])
    assert api.with_token(f"{header}.{changed}.{signature}").get("/me").code == "token_invalid"


def test_roles_of_a_token_count_only_as_signed(api):
    """Even a token that says staff is of no use to a member at the member's own resources."""
    tokens = sign_up()
    principal = principal_of(tokens)
    token = sign_access_token(
        {"sub": str(principal.user_id), "sid": str(principal.session_id), "roles": ["staff"], "auth_time": 0}
    )
    me = api.with_token(token).get("/me")
    assert me.json["roles"] == ["worker"]


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
@pytest.mark.parametrize(
    "path", ["/auth/register", "/auth/register/resend", "/auth/register/confirm", "/auth/login", "/auth/refresh"]
)
def test_credentials_are_only_posted(api, method, path):
    assert getattr(api.anonymous, method)(path).code == "method_not_allowed"


def test_a_method_override_header_means_nothing(api):
    tokens = sign_up()
    client = api.with_token(tokens.access_token)
    assert client.post("/me/profile", {"headline": "x"}, headers={"X-HTTP-Method-Override": "PATCH"}).status == 405
