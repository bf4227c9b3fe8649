"""What stands between the password and the desk."""

import json
import re

import pytest
from django.test import Client

from domains.identity import actions
from domains.identity.actions import factor_resets, factors
from domains.identity.models import Factor, FactorReset, User
from domains.identity.queries.factors import codes_left
from domains.identity.rules.factors import SecondFactorRequired
from domains.identity.tasks import run_deadlines
from tests.identity.authenticator import Authenticator
from tests.identity.desk import show_second_factor
from tests.identity.factories import (
    PASSWORD,
    STAFF_PASSWORD,
    code_of,
    colleague,
    log_in,
    sign_up,
    staff,
    with_app,
    with_passkey,
)

pytestmark = pytest.mark.domain("identity")

ASK, SET_UP, PEOPLE = "/admin/second-factor", "/admin/second-factor/set-up", "/admin/identity/user/"


@pytest.fixture
def boss() -> User:
    return staff()


def with_password(user: User) -> Client:
    desk = Client()
    desk.post("/admin/login/?next=/admin/", {"username": user.email, "password": STAFF_PASSWORD})
    return desk


def options_on(page) -> dict:
    (text,) = re.findall(r'<script id="passkey-options" type="application/json">(.*?)</script>', page.content.decode())
    return dict(json.loads(text))


def is_in(desk: Client) -> bool:
    return desk.get(PEOPLE).status_code == 200


# --- with a factor -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        *("/admin/", PEOPLE, f"{PEOPLE}?q=ama", "/admin/identity/rolegrant/add/", "/admin/password_change/"),
        *("/admin/jsi18n/", "/admin/sso?domain=payments", "/admin/nothing", "/admin/autocomplete/"),
    ],
)
def test_a_password_opens_no_page(boss, page):
    with_app(boss)
    desk = with_password(boss)
    for answer in (desk.get(page), desk.post(page, {"action": "suspend"})):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(f"{ASK}?next=%2Fadmin%2F")


def test_the_code_of_the_app_opens_the_desk_once(boss, clock):
    app = with_app(boss)
    clock.advance(seconds=30)
    desk, code = with_password(boss), app.code()
    answer = desk.post(f"{ASK}?next={PEOPLE}", {"code": f"{code[:3]} {code[3:]}"})
    assert (answer.status_code, answer.headers["Location"]) == (302, PEOPLE)
    assert is_in(desk)
    other = with_password(boss)
    assert other.post(ASK, {"code": code}).status_code == 200
    assert not is_in(other)


def test_a_recovery_code_opens_the_desk_once(boss):
    app = with_app(boss)
    first, second = with_password(boss), with_password(boss)
    assert first.post(ASK, {"code": app.codes[0]}).status_code == 302
    assert second.post(ASK, {"code": app.codes[0]}).status_code == 200
    assert (is_in(first), is_in(second), codes_left(boss.id)) == (True, False, 9)


def test_a_passkey_opens_the_desk(boss):
    authenticator = with_passkey(boss)
    desk = with_password(boss)
    proof = authenticator.get(options_on(desk.get(ASK)))
    assert desk.post(ASK, {"passkey": json.dumps(proof)}).status_code == 302
    assert is_in(desk)


def test_a_passkey_for_another_site_does_not(boss):
    authenticator = with_passkey(boss)
    desk = with_password(boss)
    proof = authenticator.get(options_on(desk.get(ASK)), origin="https://evil.example")
    assert desk.post(ASK, {"passkey": json.dumps(proof)}).status_code == 200
    assert not is_in(desk)


@pytest.mark.parametrize(
    "form", [{"code": "000000"}, {"code": ""}, {}, {"passkey": "x"}, {"passkey": "[]"}, {"passkey": "{}"}]
)
def test_wrong_proofs_are_refused_and_said_so(boss, form):
    with_app(boss)
    desk = with_password(boss)
    answer = desk.post(ASK, form)
    assert answer.status_code == 200
    assert "This pass" in answer.content.decode() or "This proof" in answer.content.decode()
    assert not is_in(desk)


def test_five_wrong_codes_lock_the_second_factor_at_the_desk_and_the_api_alike(boss):
    app = with_app(boss)
    desk = with_password(boss)
    for _ in range(5):
        desk.post(ASK, {"code": "wrong-wrong-wrong"})
    assert desk.post(ASK, {"code": app.codes[0]}).status_code == 200
    assert not is_in(desk)
    assert codes_left(boss.id) == 10


def test_the_password_is_no_second_factor(boss):
    with_app(boss)
    desk = with_password(boss)
    assert desk.post(ASK, {"code": STAFF_PASSWORD}).status_code == 200
    assert desk.post(ASK, {"password": STAFF_PASSWORD}).status_code == 200
    assert not is_in(desk)


def test_the_key_of_the_session_changes_with_the_second_factor(boss):
    app = with_app(boss)
    desk = with_password(boss)
    before = desk.cookies["kelmah_admin"].value
    desk.post(ASK, {"code": app.codes[0]})
    assert desk.cookies["kelmah_admin"].value != before
    thief = Client()
    thief.cookies["kelmah_admin"] = before
    assert not is_in(thief)


def test_a_password_waits_ten_minutes_for_the_second_factor(boss, clock):
    app = with_app(boss)
    desk = with_password(boss)
    assert desk.get(ASK).status_code == 200
    clock.advance(minutes=10, seconds=1)
    answer = desk.post(ASK, {"code": app.codes[0]})
    assert "/admin/login/" in answer.headers["Location"]
    assert codes_left(boss.id) == 10
    assert not is_in(desk)


@pytest.mark.parametrize(
    "evil", ["//evil.example/", "https://evil.example/", "/admin//../../evil", "/elsewhere", "/admin/\\evil"]
)
def test_the_way_on_stays_at_the_desk(boss, evil):
    app = with_app(boss)
    desk = with_password(boss)
    answer = desk.post(f"{ASK}?next={evil}", {"code": app.codes[0]})
    assert answer.headers["Location"].startswith("/admin/")


def test_suspended_between_the_steps_nobody_gets_in(boss):
    app = with_app(boss)
    desk = with_password(boss)
    actions.suspend_user(user_id=boss.id)
    assert "/admin/login/" in desk.post(ASK, {"code": app.codes[0]}).headers["Location"]


def test_nobody_and_members_are_sent_to_the_log_in():
    member = sign_up().user
    forced = Client()
    forced.force_login(member)
    for browser in (Client(), forced):
        for page in (ASK, SET_UP):
            for answer in (browser.get(page), browser.post(page, {"code": PASSWORD, "app": "begin"})):
                assert "/admin/login/" in answer.headers["Location"]


def test_the_pages_are_for_this_site_alone(boss):
    with_app(boss)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(boss)
    assert strict.post(ASK, {"code": "x"}).status_code == 403
    assert strict.post(SET_UP, {"app": "begin"}).status_code == 403


# --- the first factor --------------------------------------------------------------------------------------------


def test_whoever_has_none_adds_one_before_anything_else(boss):
    desk = with_password(boss)
    asked = desk.get(PEOPLE, follow=True)
    assert asked.redirect_chain[-1][0] == f"{SET_UP}?next=%2Fadmin%2Fidentity%2Fuser%2F"

    shown = desk.post(asked.redirect_chain[-1][0], {"app": "begin"})
    assert "no-store" in shown.headers["Cache-Control"]
    (secret,) = re.findall(r'<code id="secret">([A-Z2-7]+)</code>', shown.content.decode())
    assert "data:image/svg+xml" in shown.content.decode()
    assert not is_in(desk)

    done = desk.post(asked.redirect_chain[-1][0], {"code": code_of(secret)}).content.decode()
    codes = re.findall(r"<li><code>([0-9a-z-]{19})</code></li>", done)
    assert len(codes) == 10
    assert f'href="{PEOPLE}"' in done
    assert is_in(desk)
    assert with_password(boss).post(ASK, {"code": codes[0]}).status_code == 302


def test_a_passkey_may_be_the_first(boss):
    desk = with_password(boss)
    made = Authenticator().create(options_on(desk.get(SET_UP)))
    done = desk.post(SET_UP, {"passkey": json.dumps(made)}).content.decode()
    assert len(re.findall(r"<li><code>", done)) == 10
    assert is_in(desk)


def test_a_wrong_first_code_adds_nothing(boss):
    desk = with_password(boss)
    desk.post(SET_UP, {"app": "begin"})
    assert "not the code" in desk.post(SET_UP, {"code": "000000"}).content.decode()
    assert not is_in(desk)
    assert not Factor.objects.filter(confirmed_at__isnull=False).exists()


def test_whoever_has_one_can_not_add_another_by_the_password_alone(boss):
    with_app(boss)
    desk = with_password(boss)
    assert desk.post(SET_UP, {"app": "begin"}).headers["Location"].startswith(ASK)
    assert Factor.objects.count() == 1


def test_another_is_added_with_a_fresh_second_factor(boss, clock):
    with_app(boss)
    desk = with_password(boss)
    show_second_factor(desk, boss)
    assert desk.post(SET_UP, {"app": "begin"}).status_code == 200
    clock.advance(minutes=11)
    assert desk.post(SET_UP, {"app": "begin"}).headers["Location"].startswith(ASK)


def test_a_factor_added_elsewhere_in_between_is_asked_for(boss):
    desk = with_password(boss)
    desk.post(SET_UP, {"app": "begin"})
    begun = factors.begin_totp(user_id=boss.id)
    factors.confirm_totp(user_id=boss.id, code=code_of(begun.secret))
    assert desk.post(SET_UP, {"code": code_of(begun.secret)}).headers["Location"].startswith(ASK)


# --- what staff took away ----------------------------------------------------------------------------------------


def decide(desk: Client, action: str, reset: FactorReset, reason: str) -> str:
    form = {"action": action, "_selected_action": [str(reset.id)], "reason": reason}
    answer = desk.post("/admin/identity/factorreset/", form, follow=True)
    return answer.content.decode()


@pytest.fixture
def reset() -> FactorReset:
    user = sign_up().user
    with_app(user)
    with pytest.raises(SecondFactorRequired) as owed:
        log_in(user)
    return factor_resets.ask(login_token=owed.value.data["login_token"])


def desk_of(user: User) -> Client:
    desk = with_password(user)
    show_second_factor(desk, user)
    return desk


def test_a_reset_takes_two_at_the_desk(reset):
    first, second = desk_of(colleague("support")), desk_of(colleague("compliance"))
    assert "Say why" in decide(first, "approve", reset, "")
    assert "agreed" in decide(first, "approve", reset, "Called the number on file.")
    assert "Somebody else of staff" in decide(first, "approve", reset, "Once more.")
    assert "waiting" in decide(second, "approve", reset, "Compared the papers.")
    assert "declined" in decide(first, "decline", reset, "It was a thief.")


def test_deciding_wants_a_fresh_second_factor(reset, clock):
    desk = desk_of(colleague("support"))
    clock.advance(minutes=11)
    form = {"action": "approve", "_selected_action": [str(reset.id)], "reason": "Called."}
    answer = desk.post("/admin/identity/factorreset/", form)
    assert answer.headers["Location"].startswith(f"{ASK}?next=")
    reset.refresh_from_db()
    assert reset.state == "open"


@pytest.mark.parametrize("role", ["moderator", "finance"])
def test_others_of_staff_do_not_see_them(reset, role):
    assert desk_of(colleague(role)).get("/admin/identity/factorreset/").status_code == 403


def test_sessions_at_the_desk_end_with_the_factors(clock):
    kofi = colleague("support")
    desk = desk_of(kofi)
    with pytest.raises(SecondFactorRequired) as owed:
        log_in(kofi, STAFF_PASSWORD)
    reset = factor_resets.ask(login_token=owed.value.data["login_token"])
    for _ in range(2):
        factor_resets.approve(reset_id=reset.id, by_id=staff().id, expected_version=None, note="Met in person.")
    clock.advance(hours=73)
    assert is_in(desk)
    run_deadlines()
    assert not is_in(desk)
    again = with_password(kofi)
    assert again.get(PEOPLE, follow=True).redirect_chain[-1][0].startswith(SET_UP)
