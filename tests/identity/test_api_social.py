"""Social login over REST, as far as it needs no provider."""

import pytest
from django.db import connections

from domains.identity.models import SocialLogin
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from tests.identity.factories import proven_flow, sign_up

pytestmark = pytest.mark.domain("identity", transaction=True)

SECRET = "A" * 43


def linked(api, tokens, provider="google"):
    secret = proven_flow(provider=provider)
    answer = api.with_token(tokens.access_token).post("/me/social-logins", {"flow_secret": secret})
    assert answer.status == 201, answer
    return answer.json


def test_without_providers_none_are_offered(api):
    assert api.anonymous.get("/auth/social").json == {"items": []}


@pytest.mark.parametrize("provider", ["google", "nobody", "x" * 300])
def test_a_provider_that_is_not_offered_is_404(api, provider):
    assert api.anonymous.post(f"/auth/social/{provider}/start", {}).status == 404
    assert api.anonymous.get(f"/auth/social/{provider}/callback").status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/social/exchange", {"code": SECRET, "flow_secret": SECRET}),
        ("/auth/social/register", {"flow_secret": SECRET, "role": "worker", "display_name": "Ama"}),
    ],
)
def test_what_was_never_begun_is_refused(api, path, body):
    answer = api.anonymous.post(path, body)
    assert (answer.status, answer.code) == (400, "social_flow_invalid")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"flow_secret": "\x00"}, "/flow_secret"),
        ({"flow_secret": SECRET + "A"}, "/flow_secret"),
        ({"role": "staff"}, "/role"),
        ({"role": "admin"}, "/role"),
        ({"email": "boss@example.com"}, "/email"),
        ({"email_verified": True}, "/email_verified"),
        ({"is_staff": True}, "/is_staff"),
        ({"display_name": "Ama\r\nBcc: x@example.com"}, "/display_name"),
        ({"display_name": "\u202eamA"}, "/display_name"),
        ({"zone": "Mars/Olympus"}, "/zone"),
        ({"locale": "tlh"}, "/locale"),
        ({"device_name": "a\nb"}, "/device_name"),
    ],
    ids=str,
)
def test_a_registration_says_which_field_is_wrong(api, change, pointer):
    body = {"flow_secret": proven_flow(), "role": "worker", "display_name": "Ama"} | change
    answer = api.anonymous.post("/auth/social/register", body)
    assert (answer.status, [error["pointer"] for error in answer.json["errors"]]) == (400, [pointer])


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "/me/social-logins"), ("post", "/me/social-logins"), ("delete", "/me/social-logins/{}")],
)
def test_nobody_has_no_logins(api, method, path):
    assert getattr(api.anonymous, method)(path.format(new_id())).code == "unauthenticated"


def test_logins_of_others_are_404_and_stay(api):
    mine, theirs = sign_up(), sign_up()
    login = linked(api, theirs)
    refused = api.with_token(mine.access_token).delete(f"/me/social-logins/{login['id']}")
    unknown = api.with_token(mine.access_token).delete(f"/me/social-logins/{new_id()}")
    assert (refused.status, refused.code) == (404, "not_found")
    assert {**unknown.json, "request_id": ""} == {**refused.json, "request_id": ""}
    assert SocialLogin.objects.count() == 1
    assert api.with_token(mine.access_token).get("/me/social-logins").json["items"] == []


def test_unlinking_twice_is_404(api):
    tokens = sign_up()
    login = linked(api, tokens)
    mine = api.with_token(tokens.access_token)
    assert mine.delete(f"/me/social-logins/{login['id']}").status == 204
    assert mine.delete(f"/me/social-logins/{login['id']}").status == 404


def test_unlinking_wants_a_fresh_proof(api, clock):
    tokens = sign_up()
    login = linked(api, tokens)
    clock.advance(minutes=9, seconds=59)
    refreshed = api.anonymous.post("/auth/refresh", {"refresh_token": tokens.refresh_token}).json
    kelmah_clock.advance(seconds=2)
    refused = api.with_token(refreshed["access_token"]).delete(f"/me/social-logins/{login['id']}")
    assert (refused.status, refused.code) == (403, "step_up_required")


@pytest.mark.in_process
def test_a_list_of_any_length_is_one_statement(api, django_assert_num_queries):
    tokens = sign_up()
    mine = api.with_token(tokens.access_token)
    for length, provider in ((1, "google"), (2, "linkedin")):
        linked(api, tokens, provider)
        with django_assert_num_queries(1, connection=connections["identity"]):
            assert len(mine.get("/me/social-logins").json["items"]) == length
