"""My second factors, over REST."""

import pytest
from django.db import connections

from domains.identity import actions
from domains.identity.models import Factor
from domains.identity.rules.recovery_codes import HOW_MANY
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.factories import code_of, sign_up, with_app, with_passkey

pytestmark = pytest.mark.domain("identity", transaction=True)

SOME = "01930d2a-1a00-7a01-8a01-0a1b2c3d4e5f"


@pytest.fixture
def ama():
    return sign_up()


def test_an_app_is_added_with_the_code_that_it_shows(api, ama, published):
    mine = api.with_token(ama.access_token)
    begun = mine.post("/me/factors/totp", {"name": "Pixel 7"})
    assert begun.status == 201
    assert begun.headers["Cache-Control"] == "no-store"
    assert begun.json["secret"] in begun.json["uri"]
    assert begun.json["expires_in"] == 600
    assert mine.get("/me/factors").json == {"items": [], "recovery_codes_left": 0, "is_required": False}

    added = mine.post("/me/factors/totp/confirm", {"code": code_of(begun.json["secret"])})
    assert added.status == 201
    assert added.json["factor"]["id"] == begun.json["id"]
    assert len(set(added.json["recovery_codes"])) == HOW_MANY

    listed = mine.get("/me/factors").json
    assert [(item["kind"], item["name"]) for item in listed["items"]] == [("totp", "Pixel 7")]
    assert listed["recovery_codes_left"] == 10
    assert begun.json["secret"] not in str(listed)
    assert [event.what for event in published.of(AccountChanged)] == ["totp_added", "recovery_codes_made"]


def test_a_wrong_code_is_said_at_its_field(api, ama):
    mine = api.with_token(ama.access_token)
    mine.post("/me/factors/totp", {})
    refused = mine.post("/me/factors/totp/confirm", {"code": "12345x"})
    assert (refused.status, refused.code) == (400, "invalid_input")
    assert refused.json["errors"][0]["pointer"] == "/code"


def test_confirming_without_beginning_is_refused(api, ama):
    refused = api.with_token(ama.access_token).post("/me/factors/totp/confirm", {"code": "123456"})
    assert (refused.status, refused.code) == (409, "no_enrolment")


def test_the_code_that_confirmed_logs_nobody_in(api, ama):
    mine = api.with_token(ama.access_token)
    begun = mine.post("/me/factors/totp", {})
    code = code_of(begun.json["secret"])
    assert mine.post("/me/factors/totp/confirm", {"code": code}).status == 201
    assert api.with_token(ama.access_token).post("/auth/step-up", {"totp": code}).code == "proof_refused"


@pytest.mark.parametrize("name", ["two\nlines", "nul\x00", "x" * 61])
def test_names_are_one_short_line(api, ama, name):
    refused = api.with_token(ama.access_token).post("/me/factors/totp", {"name": name})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/name")


def test_fields_that_nobody_asked_for_are_refused(api, ama):
    refused = api.with_token(ama.access_token).post("/me/factors/totp", {"secret": "JBSWY3DPEHPK3PXP"})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/secret")


def test_factors_are_renamed_and_removed(api, ama, published):
    app = with_app(ama.user)
    mine = api.with_token(ama.access_token)
    renamed = mine.patch(f"/me/factors/{app.factor_id}", {"name": "Old phone"})
    assert (renamed.status, renamed.json["name"]) == (200, "Old phone")
    assert mine.delete(f"/me/factors/{app.factor_id}").status == 204
    assert mine.delete(f"/me/factors/{app.factor_id}").status == 404
    assert mine.get("/me/factors").json["items"] == []
    assert [(event.what, event.detail) for event in published.of(AccountChanged)][-1] == ("totp_removed", "Old phone")


def test_factors_of_others_are_404_and_stay(api, ama):
    app = with_app(sign_up().user)
    mine = api.with_token(ama.access_token)
    for factor_id in (app.factor_id, new_id()):
        assert mine.patch(f"/me/factors/{factor_id}", {"name": "Mine"}).code == "not_found"
        assert mine.delete(f"/me/factors/{factor_id}").code == "not_found"
    assert Factor.objects.get(id=app.factor_id).name == "Pixel 7"
    assert mine.get("/me/factors").json["items"] == []


def test_new_recovery_codes_are_shown_once(api, ama):
    mine = api.with_token(ama.access_token)
    assert mine.post("/me/recovery-codes").code == "no_factor_yet"
    app = with_app(ama.user)
    made = mine.post("/me/recovery-codes")
    assert made.status == 201
    assert set(made.json["recovery_codes"]).isdisjoint(app.codes)
    refused = mine.post("/auth/step-up", {"recovery_code": app.codes[0]})
    assert refused.code == "proof_refused"


ROUTES = [
    ("post", "/me/factors/totp"),
    ("post", "/me/factors/totp/confirm"),
    ("post", "/me/factors/passkeys/options"),
    ("post", "/me/factors/passkeys"),
    ("patch", f"/me/factors/{SOME}"),
    ("delete", f"/me/factors/{SOME}"),
    ("post", "/me/recovery-codes"),
]


@pytest.mark.parametrize(("method", "path"), [("get", "/me/factors"), *ROUTES])
def test_nobody_has_no_factors(api, method, path):
    assert getattr(api.anonymous, method)(path).code == "unauthenticated"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_proof_of_yesterday_changes_no_factors(api, ama, clock, method, path):
    clock.advance(minutes=11)
    renewed = actions.refresh(refresh_token=ama.refresh_token)
    mine = api.with_token(renewed.access_token)
    assert getattr(mine, method)(path).code == "step_up_required"
    assert mine.get("/me/factors").status == 200


@pytest.mark.in_process
def test_a_list_of_any_length_asks_the_same(api, ama, django_assert_num_queries):
    with_passkey(ama.user)
    token = ama.access_token
    for _ in range(2):
        with django_assert_num_queries(5, connection=connections["identity"]):
            api.with_token(token).get("/me/factors")
        for _ in range(4):
            with_passkey(ama.user)
