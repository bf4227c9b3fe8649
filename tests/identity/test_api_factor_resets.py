"""Having lost every second factor, over REST."""

import pytest

from domains.identity.actions import factor_resets
from domains.identity.models import FactorReset
from tests.identity.factories import PASSWORD, colleague, sign_up, with_app

pytestmark = pytest.mark.domain("identity", transaction=True)

ASK, MINE = "/auth/login/factor-reset", "/me/factors/reset"


@pytest.fixture
def ama():
    return sign_up()


def login_token(api, user) -> str:
    return str(
        api.anonymous.post("/auth/login", {"login": user.email, "password": PASSWORD}).json["data"]["login_token"]
    )


def test_it_is_asked_for_after_the_password_and_seen_and_stopped_from_a_session(api, ama):
    with_app(ama.user)
    asked = api.anonymous.post(ASK, {"login_token": login_token(api, ama.user)})
    assert (asked.status, asked.json["state"], asked.json["due_at"]) == (202, "open", None)
    mine = api.with_token(ama.access_token)
    assert mine.get(MINE).json["state"] == "open"
    assert mine.delete(MINE).status == 204
    assert (mine.get(MINE).status, mine.delete(MINE).status) == (404, 404)
    assert FactorReset.objects.get().state == "withdrawn"


def test_its_owner_sees_when_it_happens(api, ama):
    with_app(ama.user)
    api.anonymous.post(ASK, {"login_token": login_token(api, ama.user)})
    reset = FactorReset.objects.get()
    for _ in range(2):
        by = colleague("support")
        factor_resets.approve(reset_id=reset.id, by_id=by.id, expected_version=None, note="Compared the papers.")
    shown = api.with_token(ama.access_token).get(MINE).json
    assert (shown["state"], shown["due_at"] is None) == ("waiting", False)
    assert "papers" not in str(shown)
    assert str(by.id) not in str(shown)


def test_that_of_somebody_else_is_neither_seen_nor_stopped(api, ama):
    with_app(ama.user)
    api.anonymous.post(ASK, {"login_token": login_token(api, ama.user)})
    other = api.with_token(sign_up().access_token)
    assert (other.get(MINE).status, other.delete(MINE).status) == (404, 404)
    assert FactorReset.objects.get().state == "open"


@pytest.mark.parametrize("token", ["x", "", None, 5, "a" * 101])
def test_made_up_login_tokens_ask_for_nothing(api, ama, token):
    assert api.anonymous.post(ASK, {"login_token": token}).status in (400, 401)
    assert not FactorReset.objects.exists()


def test_whom_it_is_for_follows_from_the_token_alone(api, ama):
    with_app(ama.user)
    other = sign_up().user
    body = {"login_token": login_token(api, ama.user), "user_id": str(other.id)}
    refused = api.anonymous.post(ASK, body)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/user_id")


@pytest.mark.parametrize("method", ["get", "delete"])
def test_nobody_has_none(api, method):
    assert getattr(api.anonymous, method)(MINE).code == "unauthenticated"
