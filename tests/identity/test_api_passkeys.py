"""Passkeys over REST, with an authenticator that signs for real, and lies when told to."""

import jwt
import pytest

from domains.identity import actions
from domains.identity.models import AuthSession, Factor
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.authenticator import Authenticator, b64
from tests.identity.factories import sign_up, staff, with_app, with_passkey

pytestmark = pytest.mark.domain("identity", transaction=True)

ADD, LOGIN = "/me/factors/passkeys", "/auth/passkeys/login"


@pytest.fixture
def ama():
    return sign_up()


def options_to_add(api, who) -> dict:
    answer = api.with_token(who.access_token).post(f"{ADD}/options")
    assert answer.status == 200
    return answer.json["options"]


def options_to_log_in(api) -> dict:
    answer = api.anonymous.post("/auth/passkeys/options")
    assert answer.status == 200
    return answer.json["options"]


def claims(answer) -> dict:
    return jwt.decode(answer.json["access_token"], options={"verify_signature": False})


# --- adding ------------------------------------------------------------------------------------------------------


def test_a_passkey_is_added(api, ama, published):
    options = options_to_add(api, ama)
    assert (options["rp"]["id"], options["user"]["id"]) == ("localhost", b64(ama.user.id.bytes))
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    made = Authenticator(synced=True).create(options)
    added = api.with_token(ama.access_token).post(ADD, {"credential": made, "name": "Phone"})
    assert added.status == 201
    assert (added.json["factor"]["kind"], added.json["factor"]["is_synced"]) == ("passkey", True)
    assert len(added.json["recovery_codes"]) == 10
    assert [event.what for event in published.of(AccountChanged)] == ["passkey_added", "recovery_codes_made"]


def test_those_there_are_left_out(api, ama):
    authenticator = with_passkey(ama.user)
    (known,) = options_to_add(api, ama)["excludeCredentials"]
    assert known["id"] == b64(authenticator.passkeys[0].id)


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3000.evil.example"},
        {"origin": "http://localhost"},
        {"origin": "null"},
        {"site": "evil.example"},
        {"challenge": b64(b"of another question, of 32 bytes")},
        {"says": "webauthn.get"},
        {"verified": False},
    ],
)
def test_what_was_not_made_here_and_now_is_refused(api, ama, lies):
    made = Authenticator().create(options_to_add(api, ama), **lies)
    refused = api.with_token(ama.access_token).post(ADD, {"credential": made})
    assert (refused.status, refused.code) == (400, "passkey_refused")
    assert not Factor.objects.exists()


def test_an_answer_adds_one_passkey(api, ama):
    made = Authenticator().create(options_to_add(api, ama))
    mine = api.with_token(ama.access_token)
    assert mine.post(ADD, {"credential": made}).status == 201
    assert mine.post(ADD, {"credential": made}).code == "passkey_refused"


def test_the_question_to_one_is_not_answered_by_another(api, ama):
    eve = sign_up()
    made = Authenticator().create(options_to_add(api, ama))
    assert api.with_token(eve.access_token).post(ADD, {"credential": made}).code == "passkey_refused"
    assert api.with_token(ama.access_token).post(ADD, {"credential": made}).status == 201  # it was not spent


def test_a_passkey_of_somebody_else_is_not_taken_over(api, ama):
    """Its id is known from a login that was overheard; its key is the attacker's own."""
    theirs = with_passkey(sign_up().user).passkeys[0]
    forged = _Copying(theirs.id)
    made = forged.create(options_to_add(api, ama))
    refused = api.with_token(ama.access_token).post(ADD, {"credential": made})
    assert (refused.status, refused.code) == (409, "passkey_known")


class _Copying(Authenticator):
    """Gives its passkeys an id that is taken."""

    def __init__(self, taken: bytes) -> None:
        super().__init__()
        self._taken = taken

    def _data(self, passkey, **lies):
        passkey.id = self._taken
        return super()._data(passkey, **lies)


def test_a_question_is_good_for_five_minutes(api, ama, clock):
    made = Authenticator().create(options_to_add(api, ama))
    clock.advance(minutes=5, seconds=1)
    assert api.with_token(ama.access_token).post(ADD, {"credential": made}).code == "passkey_refused"


# --- logging in --------------------------------------------------------------------------------------------------


def test_a_passkey_logs_in_alone(api, ama):
    authenticator = with_passkey(ama.user)
    options = options_to_log_in(api)
    assert (options["rpId"], options["userVerification"], options.get("allowCredentials", [])) == (
        "localhost",
        "required",
        [],
    )
    answer = api.anonymous.post(LOGIN, {"credential": authenticator.get(options), "device_name": "Laptop"})
    assert answer.status == 200
    assert (claims(answer)["amr"], claims(answer)["mfa"], claims(answer)["sub"]) == (["hwk"], 1, str(ama.user.id))
    assert AuthSession.objects.get(id=answer.json["session_id"]).device_name == "Laptop"
    assert Factor.objects.get().last_used_at is not None


def test_a_synced_passkey_says_so(api, ama):
    authenticator = with_passkey(ama.user, Authenticator(counts=False, synced=True))
    for _ in range(2):  # without a counter
        answer = api.anonymous.post(LOGIN, {"credential": authenticator.get(options_to_log_in(api))})
        assert claims(answer)["amr"] == ["swk"]


def test_it_is_enough_beside_an_app(api, ama):
    with_app(ama.user)
    authenticator = with_passkey(ama.user)
    assert api.anonymous.post(LOGIN, {"credential": authenticator.get(options_to_log_in(api))}).status == 200


def test_staff_log_in_by_passkey_unlimited(api):
    authenticator = with_passkey(staff())
    answer = api.anonymous.post(LOGIN, {"credential": authenticator.get(options_to_log_in(api))})
    assert "limited" not in claims(answer)


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3001"},
        {"site": "evil.example"},
        {"challenge": b64(b"of another question, of 32 bytes")},
        {"says": "webauthn.create"},
        {"verified": False},
        {"user_handle": b"somebody else...",},
    ],
)  # fmt: skip
def test_an_answer_for_another_site_question_or_person_is_refused(api, ama, lies):
    authenticator = with_passkey(ama.user)
    answer = api.anonymous.post(LOGIN, {"credential": authenticator.get(options_to_log_in(api), **lies)})
    assert (answer.status, answer.code) == (401, "second_factor_failed")
    assert AuthSession.objects.count() == 1  # of signing up


def test_an_answer_logs_in_once(api, ama):
    authenticator = with_passkey(ama.user)
    proof = authenticator.get(options_to_log_in(api))
    assert api.anonymous.post(LOGIN, {"credential": proof}).status == 200
    assert api.anonymous.post(LOGIN, {"credential": proof}).code == "second_factor_failed"


def test_the_key_of_another_signs_nothing_here(api, ama):
    mine, theirs = with_passkey(ama.user), with_passkey(sign_up().user)
    theirs.passkeys[0].id = mine.passkeys[0].id
    theirs.passkeys[0].user_handle = mine.passkeys[0].user_handle
    answer = api.anonymous.post(LOGIN, {"credential": theirs.get(options_to_log_in(api))})
    assert answer.code == "second_factor_failed"


def test_a_copy_that_lags_behind_is_refused(api, ama):
    authenticator = with_passkey(ama.user)
    for _ in range(3):
        api.anonymous.post(LOGIN, {"credential": authenticator.get(options_to_log_in(api))})
    assert Factor.objects.get().sign_count == 3
    for count in (2, 3, 0):
        lagging = authenticator.get(options_to_log_in(api), count=count)
        assert api.anonymous.post(LOGIN, {"credential": lagging}).code == "second_factor_failed"
    assert Factor.objects.get().sign_count == 3


def test_a_removed_passkey_logs_nobody_in(api, ama):
    authenticator = with_passkey(ama.user)
    factor = Factor.objects.get()
    assert api.with_token(ama.access_token).delete(f"/me/factors/{factor.id}").status == 204
    answer = api.anonymous.post(LOGIN, {"credential": authenticator.get(options_to_log_in(api))})
    assert answer.code == "second_factor_failed"


def test_the_suspended_do_not_get_in(api, ama):
    authenticator = with_passkey(ama.user)
    actions.suspend_user(user_id=ama.user.id)
    answer = api.anonymous.post(LOGIN, {"credential": authenticator.get(options_to_log_in(api))})
    assert answer.code == "second_factor_failed"


def test_unknown_wrong_and_suspended_look_the_same(api, ama):
    unknown = Authenticator()
    unknown.create(options_to_add(api, ama))
    wrong = with_passkey(ama.user)
    answers = [
        api.anonymous.post(LOGIN, {"credential": unknown.get(options_to_log_in(api))}),
        api.anonymous.post(LOGIN, {"credential": wrong.get(options_to_log_in(api), origin="https://evil.example")}),
    ]
    assert {**answers[0].json, "request_id": ""} == {**answers[1].json, "request_id": ""}


def test_a_question_to_log_in_adds_no_passkey(api, ama):
    add = options_to_add(api, ama)
    login = options_to_log_in(api)
    made = Authenticator().create(add, challenge=login["challenge"])
    assert api.with_token(ama.access_token).post(ADD, {"credential": made}).code == "passkey_refused"


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"response": {}},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "e30"}},
        {"response": {"clientDataJSON": "AAAA" * 5000}},
        {"response": {"clientDataJSON": {"a": 1}}},
    ],
)
def test_junk_is_refused(api, ama, credential):
    assert api.anonymous.post(LOGIN, {"credential": credential}).status in (400, 401)
    assert api.with_token(ama.access_token).post(ADD, {"credential": credential}).status == 400
