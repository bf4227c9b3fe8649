"""Entering an extracted domain's desk, staying there, and having to go."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import signing

from kelmah import clock
from kelmah.http.denylist import revoke_session
from kelmah.http.keys import sign_access_token
from kelmah.staff.tokens import mark_of, vouch
from tests.kernel.staff.browser import Browser, efua

pytestmark = pytest.mark.domain("*")


def known(browser: Browser) -> bool:
    return bool(browser.get(browser.root).status_code == 200)


def test_nobody_is_sent_to_identity_and_comes_back_to_the_page_they_wanted(browser: Browser, domain: str) -> None:
    page = f"{browser.root}outbox/?q=1"
    told = browser.set_out(page)
    assert (told["domain"], told["next"], len(told["mark"])) == (domain, page, 64)
    cookie = browser.cookies["kelmah_desk_entry"]
    assert told["mark"] == mark_of(cookie.value)
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (browser.root, True, "Lax")
    answer = browser.arrive(vouch(efua(), domain=domain, mark=told["mark"], address=told["next"]))
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    assert known(browser)


def test_the_session_is_this_desks_alone_and_no_script_reads_it(desk: Browser) -> None:
    cookie = desk.cookies["kelmah_desk"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (desk.root, True, "Lax")
    assert int(cookie["max-age"]) <= 900


@pytest.mark.parametrize("evil", ["//evil.example/", "https://evil.example/", "/admin/payments/../../x", "/admin/"])
def test_the_way_in_leads_nowhere_but_in(browser: Browser, domain: str, evil: str) -> None:
    told = browser.set_out(f"{browser.root}login?next={evil}")
    assert told["next"] == browser.root
    answer = browser.arrive(vouch(efua(), domain=domain, mark=told["mark"], address=evil))
    assert answer.headers["Location"] == browser.root


def test_two_tabs_that_set_out_together_both_arrive(browser: Browser, domain: str) -> None:
    first, second = browser.set_out(), browser.set_out(f"{browser.root}outbox/")
    for told in (first, second):
        token = vouch(efua(), domain=domain, mark=told["mark"], address=told["next"])
        assert browser.arrive(token).status_code == 302


def test_a_token_of_another_browser_opens_nothing(browser: Browser, domain: str) -> None:
    stranger = Browser(domain)
    told = stranger.set_out()
    token = vouch(efua(), domain=domain, mark=told["mark"], address=told["next"])
    for victim in (browser, Browser(domain)):
        victim.set_out()
        assert victim.arrive(token).status_code == 403
        assert not known(victim)
    never_asked = Browser(domain)
    assert never_asked.arrive(token).status_code == 403


def test_a_token_is_used_once_by_a_post(browser: Browser, domain: str) -> None:
    told = browser.set_out()
    token = vouch(efua(), domain=domain, mark=told["mark"], address=told["next"])
    assert browser.get(f"{browser.root}sso", {"token": token}).status_code == 405
    assert browser.arrive(token).status_code == 302
    again = browser.arrive(token)
    assert again.status_code == 403
    assert "already taken" in again.content.decode()
    assert "no-store" in again.headers["Cache-Control"]


def test_tokens_for_others_and_old_ones_are_refused(browser: Browser, domain: str) -> None:
    told = browser.set_out()
    other = vouch(efua(), domain="identity", mark=told["mark"], address=told["next"])
    api = sign_access_token({**efua().as_claims(), "mark": told["mark"], "address": browser.root, "auth_time": 0})
    late = vouch(efua(), domain=domain, mark=told["mark"], address=told["next"])
    assert [browser.arrive(token).status_code for token in (other, api, "", "x")] == [403] * 4
    clock.advance(minutes=2)
    assert browser.arrive(late).status_code == 403
    assert not known(browser)


def test_an_access_token_opens_no_page(browser: Browser) -> None:
    token = sign_access_token({**efua().as_claims(), "auth_time": 0})
    answer = browser.get(browser.root, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 302


def test_a_session_ended_at_identity_ends_here_at_once(browser: Browser) -> None:
    member = efua()
    browser.enter(member)
    assert known(browser)
    revoke_session(member.session_id, timedelta(minutes=11))
    assert not known(browser)
    assert browser.cookies["kelmah_desk"].value == ""


def test_after_ten_minutes_identity_is_asked_again(desk: Browser) -> None:
    clock.advance(seconds=configured.ACCESS_TOKEN_SECONDS - 5)
    assert known(desk)
    clock.advance(seconds=6)
    assert not known(desk)
    assert desk.enter().status_code == 302
    assert known(desk)


def test_what_was_sent_too_late_is_not_done_and_says_so(desk: Browser) -> None:
    clock.advance(minutes=11)
    chosen = {"action": "try_again", "_selected_action": ["1"]}
    answer = desk.post(f"{desk.root}outbox/", chosen)
    assert (answer.status_code, "/login?next=" in answer.headers["Location"]) == (302, True)
    desk.enter()
    assert "nothing was done" in desk.get(desk.root).content.decode()
    assert desk.cookies["kelmah_desk_messages"]["path"] == desk.root


def test_without_the_denylist_staff_may_look_and_do_nothing(desk: Browser, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert known(desk)
    answer = desk.post(f"{desk.root}outbox/", {"action": "try_again"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_without_the_store_nobody_enters(browser: Browser, domain: str, settings: Any) -> None:
    told = browser.set_out()
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    answer = browser.arrive(vouch(efua(), domain=domain, mark=told["mark"], address=told["next"]))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def session_cookie(**changes: Any) -> str:
    until = int((clock.now() + timedelta(minutes=5)).timestamp())
    kept = {**efua().as_claims(), "domain": configured.LOCAL_DOMAINS[0], "until": until, **changes}
    return signing.dumps(
        {"staff": kept},
        compress=True,
        salt="django.contrib.sessions.backends.signed_cookies",
        serializer=signing.JSONSerializer,
    )


def test_a_cookie_of_another_desk_or_of_ones_own_making_opens_nothing(browser: Browser) -> None:
    def knows(cookie: str) -> bool:
        fresh = Browser(browser.domain)
        fresh.cookies["kelmah_desk"] = cookie
        return known(fresh)

    assert knows(session_cookie())
    assert not knows(session_cookie(domain="identity"))
    assert not knows(session_cookie(until=0))
    altered = session_cookie()
    assert not knows(altered[:-1] + ("A" if altered[-1] != "A" else "B"))


def test_leaving_forgets_the_session_and_leads_to_where_all_of_them_end(desk: Browser) -> None:
    answer = desk.post(f"{desk.root}logout")
    assert answer.headers["Location"] == f"{configured.JWT_ISSUER}/admin/logout/"
    assert not known(desk)


def test_forms_need_their_token(domain: str, db: None) -> None:
    careful = Browser(domain, enforce_csrf_checks=True)
    careful.enter()
    assert careful.post(f"{careful.root}outbox/", {"action": "try_again"}).status_code == 403
    assert careful.post(f"{careful.root}logout").status_code == 403
    assert known(careful)
    token = careful.get(f"{careful.root}outbox/").context["csrf_token"]
    assert careful.post(f"{careful.root}logout", {"csrfmiddlewaretoken": str(token)}).status_code == 302


def test_on_its_own_port_the_root_of_the_desk_leads_there(browser: Browser) -> None:
    assert browser.get("/admin/").headers["Location"] == browser.root
    assert browser.get("/admin/login/").status_code == 404
    assert browser.get("/admin/auth/user/").status_code == 404


def test_the_api_knows_nothing_of_the_desk(desk: Browser) -> None:
    answer = desk.get("/health/live")
    assert answer.status_code == 200
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert not answer.cookies
