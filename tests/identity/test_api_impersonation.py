"""Impersonation over REST: what staff see, what stays closed, what the person sees of it."""

import pytest

from domains.identity.actions import impersonation
from domains.identity.models import Profile
from kelmah.ids import new_id
from tests.identity.factories import colleague, sign_up

pytestmark = pytest.mark.domain("identity", transaction=True)

WHY = "Asked us why the proposal is not shown"


@pytest.fixture
def person():
    return sign_up()


@pytest.fixture
def begun(person):
    return impersonation.begin(user_id=person.user.id, staff_id=colleague("support").id, reason=WHY, ip=None)


def test_staff_see_what_the_person_sees_under_a_banner(api, person, begun):
    seen = api.with_token(begun.access_token).get("/me")
    assert (seen.status, seen.json["id"]) == (200, str(person.user.id))
    assert seen.headers["Kelmah-Impersonated-By"] == str(begun.impersonation.staff_id)
    assert seen.headers["Kelmah-Impersonation-Until"]
    assert api.with_token(begun.access_token).get("/me/profile").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("patch", "/me"),
        ("patch", "/me/profile"),
        ("put", "/me/availability"),
        ("post", "/me/password"),
        ("post", "/me/email"),
        ("post", "/me/phone"),
        ("post", "/me/deactivate"),
        ("post", "/me/factors/totp"),
        ("post", "/me/factors/passkeys"),
        ("post", "/me/recovery-codes"),
        ("post", "/auth/step-up"),
        ("post", "/auth/logout"),
        ("delete", "/me/sessions"),
        ("get", "/me/sessions"),
        ("get", "/me/api-keys"),
        ("post", "/me/api-keys"),
        ("get", "/me/verification/documents"),
        ("post", "/companies"),
    ],
)
def test_nothing_is_changed_and_secrets_are_not_seen(api, begun, method, path):
    answer = getattr(api.with_token(begun.access_token), method)(path)
    assert answer.status in (403, 405), (path, answer)
    assert answer.code in ("impersonation_refused", "method_not_allowed"), (path, answer)
    assert Profile.objects.get(user_id=begun.impersonation.user_id).version == 1


def test_the_person_sees_it_afterwards_and_nobody_elses(api, person, begun):
    stranger = sign_up()
    mine = api.with_token(person.access_token)
    (seen,) = mine.get("/me/impersonations").json["items"]
    assert (seen["id"], seen["reason"]) == (str(begun.impersonation.id), WHY)
    assert seen["ended_at"] > seen["begun_at"]
    api.with_token(begun.access_token).post("/auth/impersonation/end")
    assert mine.get("/me/impersonations").json["items"][0]["ended_at"] < seen["ended_at"]
    assert api.with_token(stranger.access_token).get("/me/impersonations").json["items"] == []


def test_it_is_ended_with_its_own_token(api, begun):
    looking = api.with_token(begun.access_token)
    assert looking.post("/auth/impersonation/end").status == 204
    assert looking.get("/me").code == "token_invalid"


def test_whoever_is_nobody_else_ends_nothing(api, person, begun):
    refused = api.with_token(person.access_token).post("/auth/impersonation/end")
    assert (refused.status, refused.code) == (404, "not_found")
    assert api.with_token(person.access_token).get("/me").status == 200


def test_staff_have_impersonations_of_themselves_too_and_none(api, principal):
    assert api.as_(principal("staff", user_id=new_id())).get("/me/impersonations").json["items"] == []


def test_nobody_is_told_to_log_in(api):
    assert api.anonymous.get("/me/impersonations").code == "unauthenticated"
    assert api.anonymous.post("/auth/impersonation/end").code == "unauthenticated"


@pytest.mark.in_process
def test_a_list_of_any_length_is_one_statement(api, person, django_assert_num_queries):
    from django.db import connections

    helper = colleague("support")
    for length in (1, 4):
        for _ in range(length):
            impersonation.begin(user_id=person.user.id, staff_id=helper.id, reason=WHY, ip=None)
        with django_assert_num_queries(1, connection=connections["identity"]):
            assert api.with_token(person.access_token).get("/me/impersonations").status == 200
