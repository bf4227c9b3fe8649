"""The review desk in a real browser: a paper's picture is there, beside what was typed, and a decision is taken."""

import time

import httpx
import pytest

from kelmah.demo import PASSWORD
from tests.browser.people import enter
from tests.files.factories import PNG
from tests.journeys.system import Running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SIZES = "return [...document.querySelectorAll('#pictures img')].map((each) => each.naturalWidth)"


def somebody_sends_a_paper(running: Running) -> None:
    """Waits until staff may look at it."""
    with httpx.Client(base_url=f"{running.api}/api/v1", timeout=20) as me:
        login = {"login": "adjoa@demo.kelmah.dev", "password": PASSWORD}
        me.headers["Authorization"] = f"Bearer {me.post('/auth/login', json=login).json()['access_token']}"
        announced = {"name": "card.png", "content_type": "image/png", "size": len(PNG), "kind": "identity"}
        upload = me.post("/files/uploads", json=announced).json()
        me.put(f"{running.api}{upload['upload']['url']}", content=PNG, headers={"Content-Type": "image/png"})
        me.post(f"/files/uploads/{upload['file_id']}/complete", json={}).raise_for_status()
        paper = {
            "kind": "national_id", "file_ids": [upload["file_id"]], "name": "Adjoa", "number": "GHA-712345678-5",
            "born": "1990-04-12", "country": "GH", "expires_on": "2040-05-31",
        }  # fmt: skip
        sent = me.post("/me/verification/documents", json=paper).raise_for_status().json()
        until = time.monotonic() + 60
        while me.get(f"/me/verification/documents/{sent['id']}").json()["state"] != "needs_review":
            assert time.monotonic() < until, "it was not looked at"
            time.sleep(0.2)


def test_a_reviewer_sees_the_picture_beside_what_was_typed_and_approves(running, browser):
    somebody_sends_a_paper(running)
    enter(browser, "esi")
    browser.open("/admin/identity/document/")
    browser.press('form[action$="/next"] button')
    assert "GHA-712345678-5" in browser.text
    assert browser.driver.execute_script(SIZES) == [40]
    assert browser.complaints() == []
    browser.press('[value="approve"]')
    assert browser.find("#state strong")[0].text == "verified"
    assert browser.complaints() == []
