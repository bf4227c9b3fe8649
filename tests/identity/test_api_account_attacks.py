"""Accounts under attack: who has one, guessed and stolen passwords, guessed codes, and what is typed into forms.

Numbers are those of the OWASP API Top 10 (2023): API2 broken authentication, API4 unrestricted consumption.
"""

import statistics
import time

import pytest

from domains.identity import actions, rules
from domains.identity.models import Challenge, User
from kelmah.http.store import store
from tests.identity.factories import PASSWORD, SignUpFactory, sign_up
from tests.identity.test_api_registration import told, wrong

pytestmark = pytest.mark.domain("identity")

NEW = "nine red fishing boats"
UNKNOWN_ID = "01930d2a-0c00-7d44-8d44-6f0d8d4f1b04"


@pytest.fixture
def failures(settings):
    """``failures(3)``: as many an hour, of a caller who had none so far."""

    def allow(count: int) -> None:
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"login_failures": f"{count}/h"}
        store().delete("rate:login_failures:127.0.0.1")

    return allow


def login(api, address, password="not the password"):
    return api.anonymous.post("/auth/login", {"login": address, "password": password})


def register(api, address):
    return api.anonymous.post("/auth/register", SignUpFactory(email=address, password=NEW))


def forget(api, address):
    return api.anonymous.post("/auth/password/forgotten", {"email": address})


# --- API2: who has an account ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [login, register, forget])
def test_answers_take_as_long_whether_there_is_an_account_or_not(api, ask):
    """By turns, so that whatever else the machine does meets both; each address once, so that none is locked."""
    count = 15
    known = [sign_up().user.email for _ in range(count)]
    unknown = [f"nobody{n}@example.com" for n in range(count)]
    ask(api, "warm@example.com")

    def seconds(address: str) -> float:
        began = time.perf_counter()
        ask(api, address)
        return time.perf_counter() - began

    pairs = [(seconds(there), seconds(not_there)) for there, not_there in zip(known, unknown, strict=True)]
    there, not_there = (statistics.median(each) for each in zip(*pairs, strict=True))
    assert abs(there - not_there) < 0.25 * max(there, not_there) + 0.003, (there, not_there)


@pytest.mark.in_process
@pytest.mark.parametrize("ask", [login, register, forget])
def test_answers_take_the_same_statements_whether_there_is_an_account_or_not(api, ask):
    """The clock of a test forgives a few milliseconds; this one doesn't. The fifth failure, which locks, included."""
    user = sign_up().user
    ask(api, "warm@example.com")
    asked = []
    for address in (user.email, "nobody@example.com"):
        counts = []
        for _ in range(6):
            with _Statements() as statements:
                ask(api, address)
            counts.append(statements.kinds)
        asked.append(counts)
    assert asked[0] == asked[1]


class _Statements:
    """What was asked of identity's tables: the kinds of statements, in order."""

    def __enter__(self) -> "_Statements":
        from django.db import connections
        from django.test.utils import CaptureQueriesContext

        self._captured = CaptureQueriesContext(connections["identity"])
        self._captured.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._captured.__exit__(*error)

    @property
    def kinds(self) -> list[str]:
        return [query["sql"].split()[0] for query in self._captured.captured_queries]


def test_a_wrong_secret_is_answered_the_same_for_whatever_it_was_meant(api, letters):
    user = sign_up().user
    begun = forget(api, user.email).json
    letters.to(user.email)
    answers = [
        api.anonymous.post("/auth/password/reset", {"reset_id": which, "secret": "a" * 43, "password": NEW})
        for which in (begun["reset_id"], UNKNOWN_ID)
    ]
    assert told(answers[0]) == told(answers[1])


# --- API2: stolen and guessed passwords --------------------------------------------------------------------------


@pytest.mark.in_process
def test_stolen_passwords_tried_at_many_accounts_stop_at_the_caller(api, failures):
    failures(10)
    accounts = [sign_up().user for _ in range(12)]
    statuses = [login(api, user.email).status for user in accounts]
    assert statuses == [401] * 10 + [429] * 2
    refused = login(api, accounts[-1].email, PASSWORD)
    assert (refused.status, refused.code) == (429, "too_many_requests")  # even if one of them is right
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.in_process
def test_stolen_passwords_of_people_who_are_not_here_count_too(api, failures):
    failures(10)
    statuses = [login(api, f"nobody{n}@example.com").status for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2


@pytest.mark.in_process
def test_a_header_makes_nobody_another_caller(api, failures):
    failures(3)
    body = {"login": "nobody@example.com", "password": "not the password"}
    headers = [{"X-Forwarded-For": f"203.0.113.{n}", "X-Real-IP": f"203.0.113.{n}"} for n in range(5)]
    statuses = [api.anonymous.post("/auth/login", body, headers=header).status for header in headers]
    assert statuses == [401] * 3 + [429] * 2


@pytest.mark.in_process
def test_logins_that_work_are_no_failures(api, failures):
    failures(1)
    user = sign_up().user
    assert [login(api, user.email, PASSWORD).status for _ in range(4)] == [200] * 4


def test_one_account_guessed_from_many_callers_locks(api):
    user = sign_up().user
    for n in range(5):
        device = actions.Device(ip=f"203.0.113.{n}")
        with pytest.raises(rules.LoginFailed):
            actions.log_in(login=user.email, password="not the password", device=device)
    assert login(api, user.email, PASSWORD).status == 401


# --- API2: guessed codes -----------------------------------------------------------------------------------------


@pytest.mark.in_process
def test_of_the_codes_to_one_phone_fifteen_are_guessed_at_first_and_fifteen_an_hour(api, letters, settings):
    """However often it is asked for: five letters, three guesses each, of a million."""
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"letters_to": "5/h"}
    sign_up(phone="+233241234567")
    guesses = 0
    while (begun := api.anonymous.post("/auth/password/forgotten", {"phone": "+233241234567"})).status == 202:
        code = letters.secret("+233241234567")
        body = {"reset_id": begun.json["reset_id"], "secret": wrong(code), "password": NEW}
        while Challenge.objects.get(id=begun.json["reset_id"]).secret_hash is not None:
            assert api.anonymous.post("/auth/password/reset", body).code == "secret_refused"
            guesses += 1
    assert begun.status == 429
    assert guesses == 15


def test_a_code_is_good_for_its_own_wish_only(api, letters):
    sign_up(phone="+233241234567")
    first, second = (
        api.anonymous.post("/auth/password/forgotten", {"phone": phone}).json
        for phone in ("+233241234567", "+233209876543")
    )
    code = letters.secret("+233241234567")
    body = {"reset_id": second["reset_id"], "secret": code, "password": NEW}
    assert api.anonymous.post("/auth/password/reset", body).code == "secret_refused"
    assert api.anonymous.post("/auth/password/reset", body | {"reset_id": first["reset_id"]}).status == 204


# --- API4: what costs much ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "field", "rest"),
    [
        ("/auth/register", "password", SignUpFactory()),
        ("/auth/login", "password", {"login": "ama@example.com"}),
        ("/auth/password/reset", "password", {"reset_id": UNKNOWN_ID, "secret": "a" * 43}),
        ("/me/password", "password", {"current_password": PASSWORD}),
        ("/me/password", "current_password", {"password": NEW}),
    ],
)
def test_a_password_of_a_megabyte_is_refused_by_its_length(api, path, field, rest):
    client = api.with_token(sign_up().access_token)
    began = time.perf_counter()
    answer = client.post(path, rest | {field: "a" * 1_000_000})
    assert (answer.status, answer.json["errors"][0]["code"]) == (400, "max_length")
    assert time.perf_counter() - began < 1


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/register", SignUpFactory()),
        ("/auth/login", {"login": "nobody@example.com", "password": "not the password"}),
        ("/me/password", {"current_password": PASSWORD, "password": NEW}),
    ],
)
def test_when_the_cores_are_busy_with_passwords_more_wait_and_then_come_back(api, monkeypatch, path, body):
    from domains.identity.actions import hashing

    client = api.with_token(sign_up().access_token)
    monkeypatch.setattr(hashing, "PATIENCE", 0.01)
    with actions.turn():
        answer = client.post(path, body)
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "unavailable", "2")
    assert client.post(path, body).status in (202, 204, 401)


@pytest.mark.in_process
def test_a_wrong_secret_costs_no_hash(api, monkeypatch):
    from domains.identity.actions import hashing

    monkeypatch.setattr(hashing, "PATIENCE", 0.01)
    body = {"reset_id": UNKNOWN_ID, "secret": "a" * 43, "password": NEW}
    with actions.turn():
        assert api.anonymous.post("/auth/password/reset", body).code == "secret_refused"


# --- what is typed into forms ------------------------------------------------------------------------------------

LOOKALIKES = [
    "аma@example.com",  # Cyrillic а
    "ama@exаmple.com",  # and in the domain: IDNA makes it another one
    "ａｍａ@example.com",  # full width: the same address
    "ama\u200b@example.com",
    "a\u202ema@example.com",
    "ama\u00ad@example.com",
    "ama@example.com\u0000",
    "ama@example\u3002com",  # an ideographic full stop: the same address
    "ämä@example.com",
    "ama@example.com\r\nBcc: thief@example.com",
    '"ama"@example.com',
    "ama@[127.0.0.1]",
    "ama@localhost",
    "ama@example.com,thief@example.com",
    "ama@example.com>",
]


@pytest.mark.parametrize("written", LOOKALIKES)
@pytest.mark.parametrize("path", ["/auth/register", "/auth/password/forgotten", "/me/email"])
def test_letters_go_to_the_address_itself_or_nowhere_near_it(api, letters, path, written):
    """What looks like somebody's address either is theirs, letter by letter, or is refused, or is another mailbox."""
    owner = sign_up(email="ama@example.com")
    body = SignUpFactory(email=written, password=NEW) if path == "/auth/register" else {"email": written}
    answer = api.with_token(owner.access_token).post(path, body)
    assert answer.status in (202, 400)
    letters.to("ama@example.com")
    addressed = {challenge.address for challenge in Challenge.objects.all()}
    assert addressed <= {"ama@example.com", "ama@xn--exmple-4nf.com"}
    assert letters.to("thief@example.com") == []
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "name",
    [
        "Ama\r\nBcc: thief@example.com",
        "Ama\nSubject: You won",
        "Ama\x00",
        "Ama\u2028Bcc: thief@example.com",
        "Ama\x1b[2J",
        "Ama\u202eliame",
        'Ama" <thief@example.com>, "',
    ],
)
def test_names_write_no_headers(api, letters, name):
    refused = api.anonymous.post("/auth/register", SignUpFactory(display_name=name))
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/display_name")
    assert not Challenge.objects.exists()


@pytest.mark.parametrize("field", ["email", "phone", "password", "display_name", "zone"])
def test_null_bytes_are_refused_field_by_field(api, field):
    form = SignUpFactory() | {field: f"x\u0000{SignUpFactory().get(field, '')}"}
    answer = api.anonymous.post("/auth/register", form)
    assert answer.status == 400
    assert {error["pointer"]: error["code"] for error in answer.json["errors"]}[f"/{field}"].startswith("null")


@pytest.mark.parametrize(
    "more",
    [
        {"role": "staff"},
        {"role": "admin"},
        {"is_staff": True},
        {"is_superuser": True},
        {"grants": [{"role": "admin"}]},
        {"status": "active"},
        {"user_id": UNKNOWN_ID},
        {"password_hash": "x"},
    ],
)
def test_nobody_writes_their_own_rights_into_the_form(api, more):
    assert api.anonymous.post("/auth/register", SignUpFactory() | more).code == "invalid_input"
    assert not Challenge.objects.exists()
