"""What attackers try with second factors: guessing, replaying, mixing up logins, waiting for a gap."""

import pytest

from domains.identity import actions
from domains.identity.models import AuthSession, LoginGuard, PendingLogin
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.factories import PASSWORD, sign_up, with_app, with_passkey

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


def login_token(api, user) -> str:
    return str(owed(api, user)["login_token"])


def owed(api, user) -> dict:
    """What somebody with factors is told after the right password."""
    return api.anonymous.post(LOGIN, {"login": user.email, "password": PASSWORD}).json["data"]


def send(api, token, **proof):
    return api.anonymous.post(SECOND, {"login_token": token, **proof})


def wrong_of(app) -> str:
    """Six digits that are not the code of any step around now."""
    right = {app.code(ahead=step) for step in range(-2, 3)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in right)


# --- replay ------------------------------------------------------------------------------------------------------


def test_a_code_counts_once_whatever_it_was_used_for(api, ama, app):
    code = app.code()
    first, second = login_token(api, ama.user), login_token(api, ama.user)
    assert send(api, first, totp=code).status == 200
    assert send(api, second, totp=code).code == "second_factor_failed"
    assert api.with_token(ama.access_token).post(STEP_UP, {"totp": code}).code == "proof_refused"


def test_an_older_code_is_void_once_a_newer_was_used(api, ama, app):
    now, later = app.code(), app.code(ahead=1)
    assert send(api, login_token(api, ama.user), totp=later).status == 200
    assert send(api, login_token(api, ama.user), totp=now).code == "second_factor_failed"


def test_a_login_token_works_once(api, ama, app):
    token = login_token(api, ama.user)
    assert send(api, token, totp=app.code()).status == 200
    assert send(api, token, totp=app.code(ahead=1)).code == "login_token_invalid"


def test_a_used_challenge_answers_nothing_more(api, ama):
    authenticator = with_passkey(ama.user)
    problem = owed(api, ama.user)
    answer = authenticator.get(problem["passkey_options"])
    token = problem["login_token"]
    wrong = answer | {"response": answer["response"] | {"signature": "AAAA"}}
    assert send(api, token, passkey=wrong).code == "second_factor_failed"
    assert send(api, token, passkey=answer).code == "second_factor_failed"  # spent by the wrong one


# --- guessing ----------------------------------------------------------------------------------------------------


def test_five_wrong_codes_end_the_login(api, ama, app):
    token = login_token(api, ama.user)
    assert [send(api, token, totp=wrong_of(app)).code for _ in range(5)] == ["second_factor_failed"] * 5
    assert send(api, token, totp=app.code()).code == "login_token_invalid"


def test_guesses_add_up_over_logins_and_the_owner_hears_of_it(api, ama, app, published):
    for _ in range(5):
        assert send(api, login_token(api, ama.user), totp=wrong_of(app)).code == "second_factor_failed"
    token = login_token(api, ama.user)  # a right password clears nothing
    assert send(api, token, totp=app.code()).code == "second_factor_failed"
    assert [event.what for event in published.of(AccountChanged)][-1:] == ["account_locked"]
    assert [event.what for event in published.of(AccountChanged)].count("account_locked") == 1


def test_the_lock_holds_for_all_kinds_of_proof_and_ends(api, ama, app, clock):
    for _ in range(5):
        send(api, login_token(api, ama.user), totp=wrong_of(app))
    token = login_token(api, ama.user)
    assert send(api, token, recovery_code=app.codes[0]).code == "second_factor_failed"
    assert api.with_token(ama.access_token).post(STEP_UP, {"totp": app.code()}).code == "proof_refused"
    clock.advance(minutes=31)
    assert send(api, login_token(api, ama.user), recovery_code=app.codes[0]).status == 200


def test_guesses_of_codes_do_not_lock_the_password(api, ama, app):
    for _ in range(5):
        send(api, login_token(api, ama.user), totp=wrong_of(app))
    assert api.anonymous.post(LOGIN, {"login": ama.user.email, "password": PASSWORD}).code == "second_factor_required"


def test_a_right_code_forgives_the_wrong_ones(api, ama, app):
    token = login_token(api, ama.user)
    for _ in range(4):
        send(api, token, totp=wrong_of(app))
    assert send(api, token, totp=app.code()).status == 200
    assert LoginGuard.objects.get(key=f"factor:{ama.user.id}").failures == 0


def test_wrong_passwords_never_reach_the_second_step(api, ama, app):
    for password in ("not the password", ""):
        answer = api.anonymous.post(LOGIN, {"login": ama.user.email, "password": password or "x"})
        assert answer.code == "login_failed"
        assert "data" not in answer.json
    assert not PendingLogin.objects.exists()


@pytest.mark.parametrize("junk", ["", "x", "nobody" * 16, "01930d2a-0f00-7e66-8e66-7a0b9d4f2c05", "ÿ\u202e"])
def test_made_up_login_tokens_are_refused(api, ama, app, junk):
    assert send(api, junk or " ", totp=app.code()).status in (400, 401)


# --- of two people -----------------------------------------------------------------------------------------------


def test_a_code_of_mine_finishes_no_login_of_yours(api, ama, app):
    eve = sign_up()
    theirs = with_app(eve.user)
    token = login_token(api, ama.user)
    assert send(api, token, totp=theirs.code(ahead=1)).code == "second_factor_failed"
    assert send(api, token, recovery_code=theirs.codes[0]).code == "second_factor_failed"


def test_a_passkey_of_mine_finishes_no_login_of_yours(api, ama):
    with_passkey(ama.user)
    eve = sign_up()
    authenticator = with_passkey(eve.user)
    hers = owed(api, ama.user)
    (passkey,) = authenticator.passkeys
    proof = authenticator.get(hers["passkey_options"], passkey=passkey)
    assert send(api, hers["login_token"], passkey=proof).code == "second_factor_failed"


def test_a_challenge_of_one_login_answers_no_other(api, ama):
    authenticator = with_passkey(ama.user)
    first = owed(api, ama.user)
    second = owed(api, ama.user)
    proof = authenticator.get(first["passkey_options"])
    assert send(api, second["login_token"], passkey=proof).code == "second_factor_failed"


def test_a_challenge_to_step_up_finishes_no_login(api, ama):
    authenticator = with_passkey(ama.user)
    options = api.with_token(ama.access_token).post(f"{STEP_UP}/options").json["options"]
    login = owed(api, ama.user)
    assert send(api, login["login_token"], passkey=authenticator.get(options)).code == "second_factor_failed"
    assert api.anonymous.post("/auth/passkeys/login", {"credential": authenticator.get(options)}).status == 401


# --- in between --------------------------------------------------------------------------------------------------


def test_a_login_waits_five_minutes(api, ama, app, clock):
    token = login_token(api, ama.user)
    clock.advance(minutes=5, seconds=1)
    assert send(api, token, totp=app.code()).code == "login_token_invalid"


def test_whoever_is_suspended_in_between_does_not_get_in(api, ama, app):
    token = login_token(api, ama.user)
    actions.suspend_user(user_id=ama.user.id)
    assert send(api, token, totp=app.code()).code == "login_token_invalid"


def test_a_new_password_ends_logins_that_wait(api, ama, app):
    token = login_token(api, ama.user)
    actions.end_sessions_after_new_password(user_id=ama.user.id)
    assert send(api, token, totp=app.code()).code == "login_token_invalid"


def test_a_login_token_is_no_access_token(api, ama, app):
    token = login_token(api, ama.user)
    assert api.with_token(token).get("/me").code == "token_invalid"
    assert api.anonymous.post("/auth/refresh", {"refresh_token": token}).code == "token_invalid"


def test_only_a_hash_of_the_login_token_is_kept(api, ama, app):
    token = login_token(api, ama.user)
    (row,) = PendingLogin.objects.values()
    assert token.encode() not in b"".join(str(value).encode() for value in row.values())
    assert AuthSession.objects.filter(user=ama.user).count() == 1  # of signing up


@pytest.mark.parametrize(
    "proof",
    [
        {"totp": "１２３４５６"},
        {"totp": "123456\x00"},
        {"totp": 123456},
        {"totp": ["123456"]},
        {"totp": "9" * 100_000},
        {"recovery_code": "\u202e7k2m-x0qd"},
        {"passkey": "x"},
        {"passkey": {}},
        {"passkey": {"response": None}},
        {"passkey": {"rawId": 5, "response": {"clientDataJSON": "bm8"}}},
        {"passkey": {"response": {"clientDataJSON": "eyJjaGFsbGVuZ2UiOiAxfQ"}}},
        {"passkey": {"response": {"clientDataJSON": ["eyJ9"]}}},
        {"passkey": {"id": "x" * 5000, "rawId": "\u0000"}},
    ],
)
def test_junk_is_refused_and_never_a_fault_of_ours(api, ama, app, proof):
    token = login_token(api, ama.user)
    assert send(api, token, **proof).status in (400, 401)
    assert api.with_token(ama.access_token).post(STEP_UP, proof).status in (400, 403)
