"""From identity's desk to that of payments in another process and out again, in a real browser."""

from collections.abc import Iterator

import pyotp
import pytest

from kelmah.staff.places import desk_root
from tests.browser.chromium import Browser, chromium
from tests.identity.factories import STAFF_PASSWORD
from tests.kernel.staff.pair import Pair, two_databases

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LISTING = f"{desk_root('payments')}inbox/"


@pytest.fixture
def pair(tmp_path) -> Iterator[Pair]:
    with two_databases(tmp_path) as made:
        made.identity.manage(
            "create_staff", "--email", "efua@example.com", "--name", "Efua", "--password-stdin",
            typed=f"{STAFF_PASSWORD}\n",
        )  # fmt: skip
        with made.identity.runs(), made.payments.runs():
            yield made


@pytest.fixture
def browser(pair: Pair) -> Iterator[Browser]:
    with chromium(pair.payments.url) as opened:
        yield opened


def is_at(browser: Browser, address: str) -> bool:
    return browser.driver.current_url.partition("?")[0] == address


def test_the_page_between_the_desks_posts_itself_and_logging_out_leads_back(pair, browser):
    browser.open(LISTING)
    assert is_at(browser, f"{pair.identity.url}/admin/login/")
    browser.fill(username="efua@example.com", password=STAFF_PASSWORD)
    browser.press("form [type=submit]")
    browser.press('[name="app"]')
    browser.fill(code=pyotp.TOTP(browser.find("#secret")[0].text).now())
    browser.press("form [type=submit]")
    browser.find("a.underline")[0].click()
    browser.wait(lambda: is_at(browser, f"{pair.payments.url}{LISTING}"))
    assert browser.complaints() == []

    # Behind a menu; what counts is that the page's policy lets the form lead to another origin.
    browser.driver.execute_script("document.querySelector('form[action$=\"logout\"]').requestSubmit()")
    browser.wait(lambda: is_at(browser, f"{pair.identity.url}/admin/logout/"))
    browser.press('form:not([action]) [type="submit"]')
    browser.open(LISTING)
    assert is_at(browser, f"{pair.identity.url}/admin/login/")
    assert browser.complaints() == []
