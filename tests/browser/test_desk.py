"""The desk as each role of staff sees it, in a real browser: no page fails, none asks for what its policy forbids."""

import re

import pytest

from tests.browser.people import enter
from tests.kernel.staff.who_sees import PAGES, STAFF_ROLES, sees

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LIST = re.compile(r"/admin/[a-z]+/[a-z]+/")
ROW = re.compile(r"/admin/[a-z]+/[a-z]+/[^/]+/change/|/admin/identity/document/[0-9a-f-]{36}/?")


def seen_by(role: str) -> set[str]:
    """The addresses of the lists that it sees."""
    pages = {(domain, page) for domain, names in PAGES.items() for each in names for page in each.split()}
    return {f"/admin/{domain}/{page.lower()}/" for domain, page in pages if sees(role, domain, page)}


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_every_page_that_a_role_sees_opens_without_complaint(browser, role):
    enter(browser, role)
    complaints, rows = browser.complaints(), 0
    lists = {path for path in browser.links() if LIST.fullmatch(path)}
    assert lists >= seen_by(role)
    for path in sorted(lists):
        browser.open(path)
        assert browser.at == path
        complaints += browser.complaints()
        row = [each for each in browser.links() if ROW.fullmatch(each) and each.startswith(path)][:1]
        rows += len(row)
        for inner in row + [each for each in browser.links() if each == f"{path}add/"]:
            browser.open(inner)
            assert browser.at == inner
            complaints += browser.complaints()
    assert complaints == []
    assert rows > 4  # things, and not only empty lists


INLINE = """const script = document.createElement("script");
script.textContent = "window.ran = true";
document.body.append(script);
return window.ran === true;"""


def test_a_script_that_somebody_smuggles_into_a_page_does_not_run(browser):
    browser.open("/admin/login/")
    assert browser.complaints() == []
    assert browser.driver.execute_script(INLINE) is False
    assert "Content Security Policy" in browser.complaints()[0]
