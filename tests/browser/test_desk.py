"""The desk as each role of staff sees it, in a real browser: no page fails, none asks for what its policy forbids."""

import re

import pytest

from tests.browser.chromium import Browser
from tests.browser.people import enter
from tests.kernel.staff.who_sees import PAGES, STAFF_ROLES, sees

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LIST = re.compile(r"/admin/[a-z]+/[a-z]+/")
ROW = re.compile(r"/admin/[a-z]+/[a-z]+/[^/]+/change/")
REPORT = re.compile(r"/admin/[a-z]+/[a-z]+/(add|chart|[^/]+/statement)/")


def seen_by(role: str) -> set[str]:
    """The addresses of the lists that it sees."""
    pages = {(domain, page) for domain, names in PAGES.items() for each in names for page in each.split()}
    return {f"/admin/{domain}/{page.lower()}/" for domain, page in pages if sees(role, domain, page)}


def further(browser: Browser, path: str) -> list[str]:
    """From a list to the first of its things, to the form for a new one and to what is reported; from a thing, too."""
    below = [each for each in browser.links() if each.startswith(path)]
    return [each for each in below if ROW.fullmatch(each)][:1] + [each for each in below if REPORT.fullmatch(each)]


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_every_page_that_a_role_sees_opens_without_complaint(browser, role):
    enter(browser, role)
    complaints, been = browser.complaints(), set()
    lists = {path for path in browser.links() if LIST.fullmatch(path)}
    assert lists >= seen_by(role)
    for path in sorted(lists):
        ahead = [path]
        while ahead:
            browser.open(ahead[0])
            assert browser.at == ahead[0]
            complaints += browser.complaints()
            been.add(ahead.pop(0))
            ahead += [each for each in further(browser, path) if each not in been and each not in ahead]
    assert complaints == []
    assert len([each for each in been if ROW.fullmatch(each)]) > 4  # things, and not only empty lists


INLINE = """const script = document.createElement("script");
script.textContent = "window.ran = true";
document.body.append(script);
return window.ran === true;"""


def test_a_script_that_somebody_smuggles_into_a_page_does_not_run(browser):
    browser.open("/admin/login/")
    assert browser.complaints() == []
    assert browser.driver.execute_script(INLINE) is False
    assert "Content Security Policy" in browser.complaints()[0]
