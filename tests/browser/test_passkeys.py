"""A passkey at staff's desk, with the pages' own script in a real browser."""

import pytest

from tests.browser.chromium import Browser
from tests.browser.people import give_password

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ASK, SET_UP = "/admin/second-factor", "/admin/second-factor/set-up"
BUTTON, REFUSED = "#passkey-form button", "#passkey-refused"


def log_out(browser: Browser) -> None:
    browser.open("/admin/logout/")
    browser.press('form:not([action]) [type="submit"]')


def refused(browser: Browser) -> None:
    """The button is pressed, the browser gives nothing, and the page says so."""
    browser.find(BUTTON)[0].click()
    browser.wait(lambda: browser.find(REFUSED)[0].is_displayed())
    assert browser.at == ASK
    browser.open("/admin/")
    assert browser.at == ASK


def test_a_passkey_made_in_a_browser_opens_the_desk_and_without_it_nobody_enters(browser):
    browser.gets_an_authenticator()
    browser.open("/admin/identity/user/")
    assert browser.at == "/admin/login/"
    give_password(browser, "efua")
    assert browser.at == SET_UP
    browser.press(BUTTON)
    assert len(browser.find("#codes li")) == 10
    (passkey,) = browser.driver.get_credentials()
    browser.press("a.underline")
    assert browser.at == "/admin/identity/user/"
    assert browser.complaints() == []

    log_out(browser)
    browser.open("/admin/")
    give_password(browser, "efua")
    assert browser.at == ASK
    browser.press(BUTTON)
    assert browser.at == "/admin/"
    assert browser.driver.get_credentials()[0].sign_count > passkey.sign_count
    assert browser.complaints() == []

    log_out(browser)
    browser.open("/admin/")
    give_password(browser, "efua")
    browser.driver.set_user_verified(False)  # somebody else holds the device
    refused(browser)
    browser.driver.set_user_verified(True)
    browser.driver.remove_all_credentials()
    refused(browser)
    browser.driver.add_credential(passkey)
    browser.press(BUTTON)
    assert browser.at == ASK  # a copy of the key, whose counter is behind
    assert "This pass" in browser.text or "This proof" in browser.text
    assert browser.complaints() == []


def test_a_browser_that_knows_no_passkeys_shows_no_button(browser):
    hide = {"source": "delete window.PublicKeyCredential"}
    browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", hide)
    browser.open("/admin/")
    give_password(browser, "kojo")
    assert browser.at == SET_UP
    assert not browser.find(BUTTON)[0].is_displayed()
    browser.press('[name="app"]')
    assert len(browser.find("img[src^='data:image/svg']")) == 1
    assert browser.driver.execute_script("return document.querySelector('img[src^=\"data:\"]').naturalWidth") > 0
    assert browser.complaints() == []
