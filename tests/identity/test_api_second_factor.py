"""Logging in with a second factor, and proving again who one is, over REST."""

import jwt
import pytest

from domains.identity import actions
from domains.identity.models import AuthSession, PendingLogin
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, sign_up, staff, with_app, with_passkey

pytestmark = pytest.mark.domain("identity", transaction=True)

LOGIN, SECOND, STEP_UP = "/auth/login", "/auth/login/second-factor", "/auth/step-up"


@pytest.fixture
def ama():
    return sign_up()


@pytest.fixture
def app(ama, clock):
    made = with_app(ama.user)
    clock.advance(seconds=30)
    return made


def first_step(api, user, password=PASSWORD, **more):
    answer = api.anonymous.post(LOGIN, {"login": user.email, "password": password, **more})
    assert (answer.status, answer.code) == (401, "second_factor_required")
    return answer.json["data"]


def claims(answer) -> dict:
    return jwt.decode(answer.json["access_token"], options={"verify_signature": False})


# --- logging in --------------------------------------------------------------------------------------------------


def test_a_password_alone_gives_no_tokens(api, ama, app):
    sessions = AuthSession.objects.count()
    problem = first_step(api, ama.user)
    assert problem["factors"] == ["totp", "recovery_code"]
    assert problem["expires_in"] == 300
    assert "access_token" not in problem
    assert problem["passkey_options"] is None
    assert AuthSession.objects.count() == sessions


def test_password_and_code_log_in(api, ama, app):
    token = first_step(api, ama.user, device_name="Laptop")["login_token"]
    answer = api.anonymous.post(SECOND, {"login_token": token, "totp": app.code()})
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (claims(answer)["amr"], claims(answer)["mfa"]) == (["pwd", "otp"], 1)
    assert AuthSession.objects.get(id=answer.json["session_id"]).device_name == "Laptop"
    assert api.with_token(answer.json["access_token"]).get("/me").status == 200
    assert not PendingLogin.objects.exists()


def test_a_recovery_code_stands_in_once_and_its_owner_is_told(api, ama, app, published):
    answers = []
    for _ in range(2):
        token = first_step(api, ama.user)["login_token"]
        answers.append(api.anonymous.post(SECOND, {"login_token": token, "recovery_code": app.codes[3].upper()}))
    assert [answer.status for answer in answers] == [200, 401]
    assert answers[1].code == "second_factor_failed"
    assert claims(answers[0])["amr"] == ["pwd", "recovery"]
    used = [event.detail for event in published.of(AccountChanged) if event.what == "recovery_code_used"]
    assert used == ["9"]


def test_the_last_recovery_code_used_is_offered_no_more(api, ama, app):
    for code in app.codes:
        token = first_step(api, ama.user)["login_token"]
        assert api.anonymous.post(SECOND, {"login_token": token, "recovery_code": code}).status == 200
    assert first_step(api, ama.user)["factors"] == ["totp"]


def test_a_passkey_is_a_second_factor(api, ama, app):
    authenticator = with_passkey(ama.user)
    problem = first_step(api, ama.user)
    assert problem["factors"] == ["totp", "passkey", "recovery_code"]
    proof = authenticator.get(problem["passkey_options"])
    answer = api.anonymous.post(SECOND, {"login_token": problem["login_token"], "passkey": proof})
    assert answer.status == 200
    assert claims(answer)["amr"] == ["pwd", "hwk"]


def test_the_second_step_is_one_proof(api, ama, app):
    token = first_step(api, ama.user)["login_token"]
    for proofs in ({}, {"totp": app.code(), "recovery_code": app.codes[0]}, {"password": PASSWORD}):
        refused = api.anonymous.post(SECOND, {"login_token": token, **proofs})
        assert (refused.status, refused.code) == (400, "invalid_input")
    assert api.anonymous.post(SECOND, {"login_token": token, "totp": app.code()}).status == 200


def test_the_refresh_token_of_such_a_login_keeps_what_was_proved(api, ama, app):
    token = first_step(api, ama.user)["login_token"]
    answer = api.anonymous.post(SECOND, {"login_token": token, "totp": app.code()})
    renewed = api.anonymous.post("/auth/refresh", {"refresh_token": answer.json["refresh_token"]})
    for claim in ("amr", "mfa", "fresh", "auth_time"):
        assert claims(renewed)[claim] == claims(answer)[claim]


def test_without_a_factor_the_password_is_enough(api, ama):
    answer = api.anonymous.post(LOGIN, {"login": ama.user.email, "password": PASSWORD})
    assert (answer.status, claims(answer)["mfa"]) == (200, 0)


# --- stepping up -------------------------------------------------------------------------------------------------


def test_a_step_up_makes_this_session_fresh_and_strong(api, ama, app, clock):
    clock.advance(minutes=9)
    mine = api.with_token(ama.access_token)
    done = mine.post(STEP_UP, {"totp": app.code()})
    assert done.status == 200
    assert claims(done)["sid"] == str(ama.session_id)
    assert claims(done)["fresh"] == int(clock.now().timestamp()) > claims(done)["auth_time"]
    assert (claims(done)["amr"], claims(done)["mfa"]) == (["pwd", "otp"], 1)
    renewed = api.anonymous.post("/auth/refresh", {"refresh_token": ama.refresh_token})
    assert claims(renewed)["fresh"] == claims(done)["fresh"]


def test_a_proof_is_fresh_for_ten_minutes(api, ama, clock):
    clock.advance(minutes=9, seconds=30)
    mine = api.with_token(ama.access_token)
    assert mine.post("/me/factors/totp", {}).status == 201
    done = mine.post(STEP_UP, {"password": PASSWORD})
    clock.advance(minutes=9, seconds=30)
    fresh = api.with_token(done.json["access_token"])
    assert fresh.post("/me/factors/totp", {}).status == 201
    clock.advance(seconds=31)
    renewed = api.anonymous.post("/auth/refresh", {"refresh_token": ama.refresh_token})
    old = api.with_token(renewed.json["access_token"])
    refused = old.post("/me/factors/totp", {})
    assert (refused.status, refused.code) == (403, "step_up_required")
    assert (refused.json["data"]["step_up"], refused.json["data"]["fresh_for"]) == ("/api/v1/auth/step-up", 600)


def test_a_password_is_no_proof_for_whoever_has_a_factor(api, ama, app):
    refused = api.with_token(ama.access_token).post(STEP_UP, {"password": PASSWORD})
    assert (refused.status, refused.code) == (403, "stronger_proof_needed")
    assert refused.json["data"]["factors"] == ["totp", "recovery_code"]


def test_a_wrong_password_steps_nobody_up_and_counts(api, ama):
    mine = api.with_token(ama.access_token)
    for _ in range(5):
        assert mine.post(STEP_UP, {"password": "not the password"}).code == "proof_refused"
    assert mine.post(STEP_UP, {"password": PASSWORD}).code == "proof_refused"
    assert mine.get("/me").status == 200


def test_a_step_up_by_passkey(api, ama):
    authenticator = with_passkey(ama.user)
    mine = api.with_token(ama.access_token)
    options = mine.post(f"{STEP_UP}/options").json["options"]
    done = mine.post(STEP_UP, {"passkey": authenticator.get(options)})
    assert (done.status, claims(done)["amr"]) == (200, ["pwd", "hwk"])


def test_there_are_no_options_without_a_passkey(api, ama):
    assert api.with_token(ama.access_token).post(f"{STEP_UP}/options").code == "proof_refused"


def test_the_code_of_somebody_else_steps_nobody_up(api, ama, app):
    other = with_app(sign_up().user)
    mine = api.with_token(ama.access_token)
    assert mine.post(STEP_UP, {"totp": other.code(ahead=1)}).code == "proof_refused"
    assert mine.post(STEP_UP, {"recovery_code": other.codes[0]}).code == "proof_refused"


def test_an_ended_session_is_not_stepped_up(api, ama):
    actions.log_out(session_id=ama.session_id)
    assert api.with_token(ama.access_token).post(STEP_UP, {"password": PASSWORD}).code == "token_invalid"


@pytest.mark.parametrize("path", [STEP_UP, f"{STEP_UP}/options"])
def test_nobody_steps_up(api, path):
    assert api.anonymous.post(path, {"password": PASSWORD}).code == "unauthenticated"


def test_adding_a_factor_is_a_step_up(api, ama):
    with_app(ama.user, session_id=ama.session_id)
    renewed = api.anonymous.post("/auth/refresh", {"refresh_token": ama.refresh_token})
    assert (claims(renewed)["amr"], claims(renewed)["mfa"]) == (["pwd", "otp"], 1)


# --- roles that need a second factor -----------------------------------------------------------------------------


def test_staff_without_a_factor_may_only_add_one(api):
    boss = staff()
    login = api.anonymous.post(LOGIN, {"login": boss.email, "password": STAFF_PASSWORD})
    assert (login.status, claims(login)["limited"], claims(login)["mfa"]) == (200, True, 0)
    limited = api.with_token(login.json["access_token"])
    refused = limited.get("/me/sessions")
    assert (refused.status, refused.code) == (403, "enrolment_required")
    assert refused.json["data"] == {"factors": "/api/v1/me/factors", "step_up": "/api/v1/auth/step-up"}
    assert limited.get("/me/factors").json["is_required"] is True
    assert limited.get("/me").status == 200

    with_app(boss, session_id=AuthSession.objects.get(id=login.json["session_id"]).id)
    renewed = api.anonymous.post("/auth/refresh", {"refresh_token": login.json["refresh_token"]})
    assert "limited" not in claims(renewed)
    assert api.with_token(renewed.json["access_token"]).get("/me/sessions").status == 200


def test_staff_with_a_factor_are_not_limited(api, clock):
    boss = staff()
    app = with_app(boss)
    clock.advance(seconds=30)
    token = first_step(api, boss, STAFF_PASSWORD)["login_token"]
    answer = api.anonymous.post(SECOND, {"login_token": token, "totp": app.code()})
    assert "limited" not in claims(answer)


def test_staff_keep_their_last_factor(api):
    boss = staff()
    login = api.anonymous.post(LOGIN, {"login": boss.email, "password": STAFF_PASSWORD})
    app = with_app(boss)
    refused = api.with_token(login.json["access_token"]).delete(f"/me/factors/{app.factor_id}")
    assert (refused.status, refused.code) == (409, "last_factor")
