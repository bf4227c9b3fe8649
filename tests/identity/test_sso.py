"""Identity lets staff into the desks of other processes, and out of all of them."""

import html
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from domains.identity import actions
from domains.identity.models import AuthSession, User
from kelmah import clock as kelmah_clock
from kelmah.http.denylist import is_revoked
from kelmah.interfaces.identity.events import SessionRevoked
from kelmah.staff.tokens import Vouched, mark_of, read_once
from tests.identity.desk import show_second_factor
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, colleague, sign_up, staff

pytestmark = pytest.mark.domain("identity")

SECRET = "of-this-browser"
PAGE = "/admin/payments/escrow/?state=funded"


@pytest.fixture(autouse=True)
def _payments_elsewhere(settings: Any) -> None:
    settings.DOMAINS = frozenset({"identity", "payments", "files", "messaging"})
    settings.LOCAL_DOMAINS = ("identity",)
    settings.JWT_ISSUER, settings.DESK_URLS = "https://kelmah.example", {}


@pytest.fixture
def boss() -> User:
    return staff(email="boss@example.com")


@pytest.fixture
def desk(boss: User) -> Client:
    return logged_in(boss)


def logged_in(user: User, password: str = STAFF_PASSWORD) -> Client:
    client = Client()
    client.post("/admin/login/?next=/admin/", {"username": user.email, "password": password})
    if user.is_staff:
        show_second_factor(client, user)
    return client


def sso(client: Client, **changes: str) -> Any:
    return client.get("/admin/sso", {"domain": "payments", "mark": mark_of(SECRET), "next": PAGE} | changes)


def carried(answer: Any) -> tuple[str, str]:
    """Where the page sends its form, and the token in it."""
    assert answer.status_code == 200, answer.content
    text = answer.content.decode()
    (target,) = re.findall(r'<form[^>]+action="([^"]+)"', text)
    (token,) = re.findall(r'name="token" value="([^"]+)"', text)
    return html.unescape(target), html.unescape(token)


def vouched(answer: Any, domain: str = "payments") -> Vouched:
    return read_once(carried(answer)[1], domain=domain, secret=SECRET)


# --- letting in --------------------------------------------------------------------------------------------------


def test_staff_are_vouched_for_at_the_desk_they_ask_for(desk: Client, boss: User) -> None:
    found = vouched(sso(desk))
    assert (found.member.id, found.member.name, found.address) == (boss.id, boss.display_name, PAGE)
    assert (found.member.roles, found.member.has_all_rights) == ({"staff", "admin"}, True)


def test_granted_roles_travel_and_missing_rights_do_not() -> None:
    support = colleague("support", email="support@example.com")
    member = vouched(sso(logged_in(support))).member
    assert (member.roles, member.has_all_rights) == ({"staff", "support"}, False)


def test_the_token_leaves_in_a_form_that_leaks_nothing(desk: Client) -> None:
    answer = sso(desk)
    target, token = carried(answer)
    assert target == "https://kelmah.example/admin/payments/sso"
    assert token not in str(answer.headers)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Frame-Options"] == "DENY"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert f"form-action {target} " in policy
    (nonce,) = re.findall(r"script-src 'nonce-([^']+)'", policy)
    assert f'<script nonce="{nonce}">' in answer.content.decode()


def test_a_desk_with_an_address_of_its_own_gets_it_there(desk: Client, settings: Any) -> None:
    settings.DESK_URLS = {"payments": "https://money.kelmah.example"}
    assert carried(sso(desk))[0] == "https://money.kelmah.example/admin/payments/sso"


@pytest.mark.parametrize(
    "evil", ["//evil.example/", "https://evil.example/", "/admin/files/file/", "/admin/payments/.."]
)
def test_only_pages_of_that_desk_are_come_back_to(desk: Client, evil: str) -> None:
    assert vouched(sso(desk, next=evil)).address == "/admin/payments/"


@pytest.mark.parametrize("domain", ["identity", "", "nothing", "marketplace", "payments/../identity"])
def test_there_is_no_way_to_a_desk_that_is_here_or_nowhere(desk: Client, domain: str) -> None:
    assert sso(desk, domain=domain).status_code == 404


@pytest.mark.parametrize("mark", ["", "x", "A" * 64, "a" * 63, '"><script>'])
def test_a_mark_is_a_hash(desk: Client, mark: str) -> None:
    assert sso(desk, mark=mark).status_code == 400


def test_nobody_logs_in_first_and_then_goes_on(boss: User) -> None:
    browser = Client()
    asked = sso(browser)
    assert asked.status_code == 302
    form = {"username": boss.email, "password": STAFF_PASSWORD}
    back = browser.post(asked.headers["Location"], form)
    query = urlencode({"domain": "payments", "mark": mark_of(SECRET), "next": PAGE})
    assert back.headers["Location"] == f"/admin/sso?{query}"
    show_second_factor(browser, boss)
    assert vouched(browser.get(back.headers["Location"])).member.id == boss.id
    assert AuthSession.objects.get(user=boss).amr == ["pwd", "recovery"]


def test_members_are_not_vouched_for(boss: User) -> None:
    worker = sign_up(email="kofi@example.com").user
    assert sso(logged_in(worker, PASSWORD)).status_code == 302
    forced = Client()
    forced.force_login(worker)
    assert sso(forced).status_code == 302
    with pytest.raises(actions.DeskClosed):
        actions.vouch_for_staff(
            user_id=worker.id, session_key="k", expires_at=far(), device=actions.Device(), domain="payments",
            mark=mark_of(SECRET), address=PAGE,
        )  # fmt: skip
    assert AuthSession.objects.filter(user=worker).count() == 1  # of signing up


def far() -> datetime:
    return kelmah_clock.now() + timedelta(days=1)


# --- one session behind all desks --------------------------------------------------------------------------------


def test_all_desks_stand_on_one_session_that_staff_can_see(desk: Client, boss: User) -> None:
    first, second = vouched(sso(desk)), vouched(sso(desk, domain="files"), "files")
    assert first.member.session_id == second.member.session_id
    session = AuthSession.objects.get(user=boss)
    assert (session.id, session.device_name) == (first.member.session_id, "Staff desk")


def test_another_browser_has_a_session_of_its_own(desk: Client, boss: User) -> None:
    assert vouched(sso(desk)).member.session_id != vouched(sso(logged_in(boss))).member.session_id


@pytest.mark.domain("identity", transaction=True)
def test_two_tabs_at_once_open_one_session(boss: User, race: Any) -> None:
    def enter() -> str:
        return actions.vouch_for_staff(
            user_id=boss.id, session_key="one", expires_at=far(), device=actions.Device(), domain="payments",
            mark=mark_of(SECRET), address=PAGE,
        )  # fmt: skip

    tokens = race(enter, 6)
    assert len({read_once(token, domain="payments", secret=SECRET).member.session_id for token in tokens}) == 1
    assert AuthSession.objects.filter(user=boss).count() == 1


@pytest.mark.domain("identity", transaction=True)
def test_logging_out_ends_every_desk_at_once(boss: User) -> None:
    desk = logged_in(boss)
    session_id = vouched(sso(desk)).member.session_id
    assert "every desk" in desk.get("/admin/logout/").content.decode()
    assert not is_revoked(session_id)
    assert desk.post("/admin/logout/").status_code == 200
    assert is_revoked(session_id)
    assert AuthSession.objects.get(id=session_id).revoke_reason == "logout"
    assert sso(desk).status_code == 302


@pytest.mark.domain("identity", transaction=True)
def test_suspended_staff_are_out_of_every_desk_at_once(boss: User) -> None:
    desk = logged_in(boss)
    session_id = vouched(sso(desk)).member.session_id
    actions.suspend_user(user_id=boss.id)
    assert is_revoked(session_id)
    assert sso(desk).status_code == 302


def test_a_session_that_staff_ended_asks_for_the_password_again(boss: User, published: Any) -> None:
    desk = logged_in(boss)
    session_id = vouched(sso(desk)).member.session_id
    actions.revoke_session(session_id=session_id)
    assert [event.session_id for event in published.of(SessionRevoked)] == [session_id]
    again = sso(desk)
    assert again.status_code == 302
    assert desk.get(again.headers["Location"]).status_code == 302  # to the log-in
    assert vouched(sso(logged_in(boss))).member.session_id != session_id


def test_a_session_that_has_run_out_is_over(desk: Client, boss: User, clock: Any) -> None:
    vouched(sso(desk))
    clock.advance(days=15)
    assert sso(desk).status_code == 302


def test_logging_out_without_having_been_anywhere_is_ordinary(desk: Client, published: Any) -> None:
    assert desk.post("/admin/logout/").status_code == 200
    assert desk.get("/admin/").status_code == 302
    assert not published.of(SessionRevoked)


def test_the_other_desks_are_named_on_every_page(desk: Client) -> None:
    assert "https://kelmah.example/admin/payments/" in desk.get("/admin/").content.decode()
