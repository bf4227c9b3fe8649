"""Signing up over REST: nothing is told, and an account begins with the proof of an address."""

import pytest

from domains.identity import actions
from domains.identity.models import AuthSession, Challenge, Profile, Registration, User
from kelmah.interfaces.identity.events import UserRegistered
from tests.identity.factories import PASSWORD, SignUpFactory, sign_up

pytestmark = pytest.mark.domain("identity")

OTHER_PASSWORD = "twelve mango trees by the sea"


def pointers(answer) -> dict[str, str]:
    return {error["pointer"]: error["code"] for error in answer.json.get("errors", [])}


def by_phone(**as_) -> dict:
    form = SignUpFactory(phone="024 123 4567", **as_)
    del form["email"]
    return form


def confirm(api, begun, secret, **more):
    body = {"registration_id": begun.json["registration_id"], "secret": secret, **more}
    return api.anonymous.post("/auth/register/confirm", body)


def wrong(secret: str) -> str:
    """As long, and never right."""
    return ("0" if secret[0] != "0" else "1") + secret[1:]


# --- from the form to the account --------------------------------------------------------------------------------


def test_an_account_begins_with_the_link_of_the_mail(api, letters):
    form = SignUpFactory(role="hirer", locale="fr", zone="Europe/Paris")
    begun = api.anonymous.post("/auth/register", form)
    assert begun.status == 202
    assert begun.headers["Cache-Control"] == "no-store"
    assert begun.json == {"registration_id": begun.json["registration_id"], "sent_to": "email", "expires_in": 86_400}
    assert not User.objects.exists()
    answer = confirm(api, begun, letters.secret(form["email"]), device_name="Pixel 7")
    assert answer.status == 201
    user = answer.json["user"]
    assert user == {
        "id": user["id"],
        "role": "hirer",
        "display_name": "Ama Mensah",
        "email": form["email"],
        "phone": None,
    }
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 600)
    session = AuthSession.objects.get()
    assert (str(session.id), session.device_name) == (answer.json["session_id"], "Pixel 7")
    me = api.with_token(answer.json["access_token"]).get("/me")
    assert (me.json["roles"], me.json["locale"], me.json["zone"]) == (["hirer"], "fr", "Europe/Paris")
    assert not Challenge.objects.exists()
    assert not Registration.objects.exists()


def test_an_account_begins_with_the_code_of_the_text(api, letters):
    begun = api.anonymous.post("/auth/register", by_phone())
    assert (begun.json["sent_to"], begun.json["expires_in"]) == ("phone", 300)
    code = letters.secret("+233241234567")
    assert len(code) == 6
    answer = confirm(api, begun, code)
    assert answer.status == 201
    assert answer.json["user"]["phone"] == "+233241234567"
    login = {"login": "0241234567", "password": PASSWORD}
    assert api.anonymous.post("/auth/login", login).status == 200


def test_everybody_hears_of_it_when_the_address_is_proved_and_not_before(api, letters, published):
    form = SignUpFactory()
    begun = api.anonymous.post("/auth/register", form)
    secret = letters.secret(form["email"])
    assert published.of(UserRegistered) == []
    confirm(api, begun, secret)
    (event,) = published.of(UserRegistered)
    assert event.email == form["email"]
    assert Profile.objects.get().user_id == event.user_id


def test_the_link_alone_makes_no_account(api, letters):
    """Whoever gets a letter that they did not ask for may click: the account would have a stranger's password."""
    form = SignUpFactory()
    begun = api.anonymous.post("/auth/register", form)
    (letter,) = letters.to(form["email"])
    assert "#secret=" in letter
    assert begun.json["registration_id"] not in letter


def test_letters_repeat_nothing_that_strangers_typed(api, letters):
    form = SignUpFactory(display_name="Win 1000 at evil.example")
    api.anonymous.post("/auth/register", form)
    (letter,) = letters.to(form["email"])
    assert "evil" not in letter


def test_a_letter_is_in_the_language_of_the_form(api, letters):
    form = SignUpFactory(locale="fr")
    api.anonymous.post("/auth/register", form)
    (letter,) = letters.to(form["email"])
    assert letter.startswith("Bonjour")
    assert "Somebody" not in letter


# --- what is told ------------------------------------------------------------------------------------------------


def told(answer) -> tuple:
    body = {name: value for name, value in answer.json.items() if not name.endswith("_id")}
    headers = {name for name in answer.headers if name != "Content-Length"}
    return answer.status, body, headers


@pytest.mark.parametrize("address", [{"email": "ama@example.com"}, {"email": "", "phone": "024 123 4567"}])
def test_a_known_address_is_answered_like_a_new_one(api, letters, address):
    sign_up(email="ama@example.com", phone="+233241234567")
    fresh = {"email": "kofi@example.com"} if address["email"] else {"email": "", "phone": "0209876543"}
    known = api.anonymous.post("/auth/register", SignUpFactory(**address, password=OTHER_PASSWORD))
    new = api.anonymous.post("/auth/register", SignUpFactory(**fresh, password=OTHER_PASSWORD))
    assert told(known) == told(new)
    letters.to("ama@example.com")
    for secret in ("000000", "a" * 43, "000000", "000000"):
        assert told(confirm(api, known, secret)) == told(confirm(api, new, secret))
    again = [api.anonymous.post("/auth/register/resend", {"registration_id": each.json["registration_id"]})
             for each in (known, new)]  # fmt: skip
    assert told(again[0]) == told(again[1])
    assert User.objects.count() == 1


def test_whoever_has_the_address_is_told_that_there_is_an_account(api, letters):
    sign_up(email="ama@example.com")
    api.anonymous.post("/auth/register", SignUpFactory(email="AMA@example.com", password=OTHER_PASSWORD))
    (letter,) = letters.to("ama@example.com")
    assert "has an account" in letter
    assert letters.secrets("ama@example.com") == []


def test_a_sign_up_for_an_address_that_has_got_an_account_meanwhile_is_refused_to_its_owner_only(api, letters):
    form = SignUpFactory()
    first, second = (api.anonymous.post("/auth/register", form) for _ in range(2))
    secrets = letters.secrets(form["email"])
    outcomes = [confirm(api, begun, secret) for begun, secret in zip((first, second), secrets, strict=True)]
    assert [(each.status, each.code) for each in outcomes] == [(201, None), (409, "login_taken")]
    assert User.objects.count() == 1


# --- secrets -----------------------------------------------------------------------------------------------------


def test_a_secret_is_good_once(api, letters):
    form = SignUpFactory()
    begun = api.anonymous.post("/auth/register", form)
    secret = letters.secret(form["email"])
    assert confirm(api, begun, secret).status == 201
    again = confirm(api, begun, secret)
    assert (again.status, again.code) == (400, "secret_refused")


def test_a_code_is_guessed_three_times_and_then_dead(api, letters):
    begun = api.anonymous.post("/auth/register", by_phone())
    code = letters.secret("+233241234567")
    assert [confirm(api, begun, wrong(code)).code for _ in range(3)] == ["secret_refused"] * 3
    assert confirm(api, begun, code).code == "secret_refused"
    assert not User.objects.exists()


def test_another_code_ends_the_first(api, letters):
    begun = api.anonymous.post("/auth/register", by_phone())
    first = letters.secret("+233241234567")
    again = api.anonymous.post("/auth/register/resend", {"registration_id": begun.json["registration_id"]})
    assert again.status == 202
    assert again.json == begun.json
    second = letters.secret("+233241234567")
    if second != first:  # once in a million they are the same
        assert confirm(api, begun, first).code == "secret_refused"
    assert confirm(api, begun, second).status == 201


@pytest.mark.parametrize(("form", "lasts"), [(SignUpFactory, 86_400), (by_phone, 300)])
def test_links_live_a_day_and_codes_five_minutes(api, letters, clock, form, lasts):
    form = form()
    for late in (1, -1):
        begun = api.anonymous.post("/auth/register", form)
        secret = letters.secret(form.get("email") or "+233241234567")
        clock.advance(seconds=lasts + late)
        answer = confirm(api, begun, secret)
        assert answer.status == (201 if late < 0 else 400), late


def test_of_a_sign_up_that_ended_no_letter_is_sent(api, clock):
    begun = api.anonymous.post("/auth/register", SignUpFactory())
    clock.advance(hours=24, seconds=1)
    answer = api.anonymous.post("/auth/register/resend", {"registration_id": begun.json["registration_id"]})
    assert (answer.status, answer.code) == (404, "not_found")


def test_tables_hold_no_secret_in_clear(api, letters):
    form = SignUpFactory()
    api.anonymous.post("/auth/register", form)
    secret = letters.secret(form["email"])
    rows = str(list(Challenge.objects.values())) + str(list(Registration.objects.values()))
    assert secret not in rows
    assert form["password"] not in rows


# --- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"registration_id": "x", "secret": "000000"},
        {"registration_id": "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04", "secret": ""},
        {"registration_id": "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04", "secret": "a" * 101},
        {"registration_id": "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04", "secret": ["000000"]},
        {"registration_id": "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04", "secret": "0\u00000"},
        {"registration_id": "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04", "secret": "000000", "role": "staff"},
    ],
)
def test_a_malformed_confirmation_is_refused(api, body):
    answer = api.anonymous.post("/auth/register/confirm", body)
    assert (answer.status, answer.code) == (400, "invalid_input")


def test_a_confirmation_of_nothing_is_answered_like_a_wrong_one(api):
    body = {"registration_id": "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04", "secret": "000000"}
    assert api.anonymous.post("/auth/register/confirm", body).code == "secret_refused"
    del body["secret"]
    assert api.anonymous.post("/auth/register/resend", body).status == 404


def test_one_address_at_a_time(api):
    answer = api.anonymous.post("/auth/register", SignUpFactory(phone="024 123 4567"))
    assert pointers(answer) == {"/phone": "one_only"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"email": "ama"}, {"/email": "invalid"}),
        ({"email": "", "phone": ""}, {"/email": "required"}),
        ({"email": 7}, {"/email": "invalid"}),
        ({"email": "", "phone": "12"}, {"/phone": "invalid"}),
        ({"password": "short"}, {"/password": "too_short"}),
        ({"password": "a1" * 65}, {"/password": "too_long"}),
        ({"password": "P@ssw0rd1234!"}, {"/password": "too_common"}),
        ({"password": "123456789012"}, {"/password": "too_weak"}),
        ({"password": None}, {"/password": "null"}),
        ({"password": ""}, {"/password": "blank"}),
        ({"password": ["seven", "cedis"]}, {"/password": "invalid"}),
        ({"role": "staff"}, {"/role": "invalid_choice"}),
        ({"role": "admin"}, {"/role": "invalid_choice"}),
        ({"role": ["worker"]}, {"/role": "invalid_choice"}),
        ({"role": None}, {"/role": "null"}),
        ({"display_name": ""}, {"/display_name": "blank"}),
        ({"display_name": "a" * 81}, {"/display_name": "max_length"}),
        ({"display_name": "Ama\r\nX-Admin: yes"}, {"/display_name": "invalid"}),
        ({"locale": "xx"}, {"/locale": "invalid_choice"}),
        ({"zone": "Accra"}, {"/zone": "invalid_choice"}),
        ({"zone": "../../etc/passwd"}, {"/zone": "invalid_choice"}),
        ({"is_staff": True}, {"/is_staff": "unknown_field"}),
        ({"is_superuser": True}, {"/is_superuser": "unknown_field"}),
        ({"roles": ["staff"]}, {"/roles": "unknown_field"}),
        ({"id": "x", "status": "active"}, {"/id": "unknown_field", "/status": "unknown_field"}),
        ({"email": "ama\u0000@example.com"}, {"/email": "null_characters_not_allowed"}),
        ({"password": "seven cedis\u0000 for kenkey"}, {"/password": "null_characters_not_allowed"}),
    ],
)
def test_a_bad_sign_up_is_refused_field_by_field_and_changes_nothing(api, change, expected):
    answer = api.anonymous.post("/auth/register", SignUpFactory(**change))
    assert (answer.status, answer.code) == (400, "invalid_input")
    assert pointers(answer) == expected
    assert not Registration.objects.exists()


@pytest.mark.parametrize("missing", ["password", "role", "display_name"])
def test_what_a_sign_up_needs(api, missing):
    form = SignUpFactory()
    del form[missing]
    answer = api.anonymous.post("/auth/register", form)
    assert pointers(answer) == {f"/{missing}": "required"}


# --- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.in_process
def test_one_address_gets_few_letters_whoever_asks(api, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"letters_to": "2/h"}
    form = SignUpFactory()
    begun = api.anonymous.post("/auth/register", form)
    again = {"registration_id": begun.json["registration_id"]}
    assert api.anonymous.post("/auth/register/resend", again).status == 202
    refused = api.anonymous.post("/auth/register/resend", again)
    assert (refused.status, refused.code) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert api.anonymous.post("/auth/register", form).status == 429
    assert api.anonymous.post("/auth/register", SignUpFactory()).status == 202


@pytest.mark.in_process
def test_one_caller_writes_to_few_addresses(api, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"letters_from": "2/h"}
    statuses = [api.anonymous.post("/auth/register", SignUpFactory()).status for _ in range(3)]
    assert statuses == [202, 202, 429]


@pytest.mark.in_process
def test_without_the_store_no_letters_are_sent(api, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert api.anonymous.post("/auth/register", SignUpFactory()).status == 503


def test_sign_ups_that_nobody_confirmed_are_forgotten(api, clock):
    api.anonymous.post("/auth/register", SignUpFactory())
    clock.advance(hours=23)
    api.anonymous.post("/auth/register", SignUpFactory())
    clock.advance(hours=1, seconds=1)
    assert actions.forget_old_rows() >= 1
    assert Registration.objects.count() == Challenge.objects.count() == 1
