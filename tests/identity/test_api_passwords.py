"""Forgotten and changed passwords over REST."""

import pytest

from domains.identity import actions
from domains.identity.models import AuthSession, Challenge, User
from kelmah.ids import new_id
from kelmah.interfaces.identity.events import AccountChanged
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, log_in, sign_up, staff
from tests.identity.test_api_registration import pointers, told, wrong

pytestmark = pytest.mark.domain("identity")

NEW = "nine red fishing boats"


def forget(api, **address):
    return api.anonymous.post("/auth/password/forgotten", address)


def reset(api, begun, secret, password=NEW):
    body = {"reset_id": begun.json["reset_id"], "secret": secret, "password": password}
    return api.anonymous.post("/auth/password/reset", body)


def can_log_in(api, login, password) -> bool:
    return api.anonymous.post("/auth/login", {"login": login, "password": password}).status == 200


# --- forgotten ---------------------------------------------------------------------------------------------------


def test_whoever_has_the_mail_chooses_a_new_password(api, letters, published):
    first = sign_up(email="ama@example.com")
    begun = forget(api, email="AMA@example.com")
    assert (begun.status, begun.json["sent_to"], begun.json["expires_in"]) == (202, "email", 3600)
    (letter,) = letters.to("ama@example.com")
    assert f"reset_id={begun.json['reset_id']}" in letter  # the letter may be opened anywhere
    assert reset(api, begun, letters.secret("ama@example.com")).status == 204
    assert not can_log_in(api, "ama@example.com", PASSWORD)
    assert can_log_in(api, "ama@example.com", NEW)
    assert api.anonymous.post("/auth/refresh", {"refresh_token": first.refresh_token}).code == "token_invalid"
    assert [event.what for event in published.of(AccountChanged)][:1] == ["password_changed"]


def test_whoever_has_the_phone_chooses_a_new_password(api, letters):
    sign_up(phone="+233241234567")
    begun = forget(api, phone="024 123 4567")
    assert (begun.json["sent_to"], begun.json["expires_in"]) == ("phone", 300)
    code = letters.secret("+233241234567")
    assert reset(api, begun, wrong(code)).code == "secret_refused"
    assert reset(api, begun, code).status == 204
    assert can_log_in(api, "+233241234567", NEW)


def test_a_reset_logs_nobody_in(api, letters):
    sign_up(email="ama@example.com")
    begun = forget(api, email="ama@example.com")
    assert reset(api, begun, letters.secret("ama@example.com")).json is None
    assert not AuthSession.objects.filter(revoked_at__isnull=True).exists()


def test_nobody_learns_whether_there_is_an_account(api, letters):
    sign_up(email="ama@example.com")
    known, unknown = forget(api, email="ama@example.com"), forget(api, email="kofi@example.com")
    assert told(known) == told(unknown)
    assert letters.to("kofi@example.com") == []
    for _ in range(4):
        assert told(reset(api, known, "a" * 43)) == told(reset(api, unknown, "a" * 43))


def test_a_reset_opens_a_lock(api, letters):
    user = sign_up(email="ama@example.com").user
    for _ in range(5):
        can_log_in(api, user.email, "not the password")
    assert not can_log_in(api, user.email, PASSWORD)
    letters.to(user.email)  # that of the lock comes first
    begun = forget(api, email=user.email)
    assert reset(api, begun, letters.secret(user.email)).status == 204
    assert can_log_in(api, user.email, NEW)


def test_a_weak_password_leaves_the_link_good(api, letters):
    user = sign_up(email="ama@example.com").user
    begun = forget(api, email=user.email)
    secret = letters.secret(user.email)
    assert pointers(reset(api, begun, secret, "short")) == {"/password": "too_short"}
    assert pointers(reset(api, begun, secret, "ama@example.com")).keys() == {"/password"}
    assert reset(api, begun, secret).status == 204
    assert reset(api, begun, secret).code == "secret_refused"


def test_staff_need_a_longer_password_here_too(api, letters):
    user = staff(email="efua@example.com")
    begun = forget(api, email=user.email)
    secret = letters.secret(user.email)
    assert pointers(reset(api, begun, secret, "nine red boat")) == {"/password": "too_short"}
    assert reset(api, begun, secret, "nine red boats and kenkey").status == 204


def test_a_link_lives_an_hour(api, letters, clock):
    user = sign_up(email="ama@example.com").user
    begun = forget(api, email=user.email)
    secret = letters.secret(user.email)
    clock.advance(hours=1, seconds=1)
    assert reset(api, begun, secret).code == "secret_refused"


def test_a_link_ends_with_the_password_it_was_to_replace(api, letters):
    tokens = sign_up(email="ama@example.com")
    begun = forget(api, email="ama@example.com")
    secret = letters.secret("ama@example.com")
    body = {"current_password": PASSWORD, "password": NEW}
    assert api.with_token(tokens.access_token).post("/me/password", body).status == 204
    assert reset(api, begun, secret, "eleven blue fishing nets").code == "secret_refused"


def test_the_secret_of_another_kind_resets_nothing(api, letters):
    user = sign_up(email="ama@example.com").user
    form = {"email": "new@example.com", "password": NEW, "role": "worker", "display_name": "New"}
    begun = api.anonymous.post("/auth/register", form)
    body = {"reset_id": begun.json["registration_id"], "secret": letters.secret("new@example.com"), "password": NEW}
    assert api.anonymous.post("/auth/password/reset", body).code == "secret_refused"
    assert can_log_in(api, user.email, PASSWORD)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"/email": "required"}),
        ({"email": "a@example.com", "phone": "0241234567"}, {"/phone": "one_only"}),
        ({"email": "nonsense"}, {"/email": "invalid"}),
        ({"phone": "12"}, {"/phone": "invalid"}),
        ({"login": "a@example.com"}, {"/login": "unknown_field"}),
        ({"email": "a\u0000@example.com"}, {"/email": "null_characters_not_allowed"}),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, {"/email": "invalid"}),
    ],
)
def test_a_malformed_request_is_refused(api, body, expected):
    assert pointers(forget(api, **body)) == expected
    assert not Challenge.objects.exists()


@pytest.mark.in_process
def test_letters_for_a_new_password_are_limited(api, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"letters_to": "2/h"}
    sign_up(email="ama@example.com")
    for address in ("ama@example.com", "nobody@example.com"):
        assert [forget(api, email=address).status for _ in range(3)] == [202, 202, 429]


# --- changed -----------------------------------------------------------------------------------------------------


def change(client, current=PASSWORD, password=NEW):
    return client.post("/me/password", {"current_password": current, "password": password})


@pytest.mark.domain("identity", transaction=True)
def test_a_changed_password_ends_all_other_sessions(api, published):
    here = sign_up(email="ama@example.com")
    there = log_in(here.user)
    assert change(api.with_token(here.access_token)).status == 204
    assert can_log_in(api, "ama@example.com", NEW)
    assert not can_log_in(api, "ama@example.com", PASSWORD)
    assert api.with_token(here.access_token).get("/me").status == 200
    assert api.with_token(there.access_token).get("/me").code == "token_invalid"
    assert "password_changed" in [event.what for event in published.of(AccountChanged)]


def test_without_the_present_password_nothing_changes(api):
    tokens = sign_up(email="ama@example.com")
    client = api.with_token(tokens.access_token)
    refused = change(client, current="not the password")
    assert (refused.status, refused.code) == (400, "password_wrong")
    assert can_log_in(api, "ama@example.com", PASSWORD)


def test_guesses_in_an_open_session_lock_like_any_others(api):
    tokens = sign_up(email="ama@example.com")
    client = api.with_token(tokens.access_token)
    for _ in range(5):
        assert change(client, current="not the password").code == "password_wrong"
    assert change(client).code == "password_wrong"
    assert not can_log_in(api, "ama@example.com", PASSWORD)


@pytest.mark.parametrize(
    ("password", "code"),
    [(PASSWORD, "same"), ("short", "too_short"), ("P@ssw0rd1234!", "too_common"), ("a" * 129, "too_long")],
)
def test_a_bad_new_password_is_refused(api, password, code):
    client = api.with_token(sign_up().access_token)
    assert pointers(change(client, password=password)) == {"/password": code}


def test_nobody_has_a_password_to_change(api, principal):
    assert change(api.anonymous).code == "unauthenticated"
    assert change(api.as_(principal(role="worker"))).status == 401


def test_staff_add_a_second_factor_before_they_change_anything(api):
    user = staff(email="efua@example.com")
    tokens = actions.log_in(login=user.email, password=STAFF_PASSWORD, device=actions.Device())
    answer = change(api.with_token(tokens.access_token), current=STAFF_PASSWORD, password="nine red boats and kenkey")
    assert (answer.status, answer.code) == (403, "enrolment_required")


def test_a_reset_of_nothing_is_refused(api):
    body = {"reset_id": str(new_id()), "secret": "a" * 43, "password": NEW}
    assert api.anonymous.post("/auth/password/reset", body).code == "secret_refused"
    assert not User.objects.exists()
