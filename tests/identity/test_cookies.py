"""What a browser sends by itself, from whatever page: the desk's cookie is of no use to other pages, or to the API."""

import re

import pytest
from django.test import Client

from domains.identity.models import AuthSession, User
from tests.identity.desk import show_second_factor
from tests.identity.factories import STAFF_PASSWORD, sign_up, staff

pytestmark = pytest.mark.domain("identity")


@pytest.fixture
def boss() -> User:
    return staff(email="boss@example.com")


@pytest.fixture
def browser(boss) -> Client:
    """Logged in at the desk, and strict about forged forms, as every real server is."""
    loose = Client()
    loose.post("/admin/login/?next=/admin/", {"username": boss.email, "password": STAFF_PASSWORD})
    show_second_factor(loose, boss)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = loose.cookies
    assert strict.get("/admin/").status_code == 200
    return strict


def test_the_cookie_of_the_desk_opens_nothing_of_the_api(browser):
    for path in ("/api/v1/me", "/api/v1/me/sessions", "/api/v1/me/social-logins"):
        assert browser.get(path).json()["code"] == "unauthenticated"
    changed = browser.delete("/api/v1/me/sessions")
    assert (changed.status_code, changed.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", ["/admin/logout/", "/admin/identity/user/", "/admin/identity/authsession/"])
def test_a_form_on_another_page_does_nothing_at_the_desk(browser, path):
    member = sign_up()
    form = {"action": "suspend", "_selected_action": [str(member.user.id)], "reason": "a forged form"}
    assert browser.post(path, form, headers={"Origin": "https://evil.example.com"}).status_code == 403
    assert browser.post(path, form).status_code == 403
    member.user.refresh_from_db()
    assert member.user.status == "active"
    assert browser.get("/admin/").status_code == 200


def test_nobody_is_logged_in_as_somebody_else_by_a_forged_form(boss):
    strict = Client(enforce_csrf_checks=True)
    refused = strict.post("/admin/login/?next=/admin/", {"username": boss.email, "password": STAFF_PASSWORD})
    assert refused.status_code == 403
    assert not AuthSession.objects.exists()


def test_a_form_with_the_token_of_its_own_page_is_taken(boss):
    strict = Client(enforce_csrf_checks=True)
    page = strict.get("/admin/login/?next=/admin/").content.decode()
    (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
    form = {"username": boss.email, "password": STAFF_PASSWORD, "csrfmiddlewaretoken": token}
    assert strict.post("/admin/login/?next=/admin/", form).status_code == 302


@pytest.mark.parametrize(
    "wanted", ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "javascript:x"]
)
def test_nobody_is_sent_elsewhere_after_logging_in(boss, wanted):
    answer = Client().post(f"/admin/login/?next={wanted}", {"username": boss.email, "password": STAFF_PASSWORD})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/")


def test_cookies_are_for_this_site_only(boss):
    client = Client()
    answer = client.post("/admin/login/?next=/admin/", {"username": boss.email, "password": STAFF_PASSWORD})
    assert answer.cookies
    for cookie in answer.cookies.values():
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("header", ["X-User-Id", "X-User-Role", "X-Forwarded-User", "X-Kelmah-User", "Remote-User"])
def test_a_header_does_not_say_who_one_is(api, header):
    """Only a token does; such headers are what gateways of older systems sent."""
    mine, theirs = sign_up(), sign_up()
    assert api.anonymous.get("/me").code == "unauthenticated"
    asked = api.anonymous.send("GET", "/me", headers={header: str(theirs.user.id)})
    assert asked.code == "unauthenticated"
    still_me = api.with_token(mine.access_token).send("GET", "/me", headers={header: str(theirs.user.id)})
    assert still_me.json["id"] == str(mine.user.id)
