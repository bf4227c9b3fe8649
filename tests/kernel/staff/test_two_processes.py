"""A browser goes from identity's process to the desk of payments, works there, and is put out."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx
import pyotp
import pytest

from kelmah.staff.places import desk_root
from tests.kernel.staff.pair import Pair

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

STAFF_PASSWORD = "seven cedis for kenkey and fish"
DEAD_LETTER = """
from domains.payments.models import Inbox
from kelmah import clock
from kelmah.ids import new_id
Inbox.objects.create(
    event_id=new_id(), handler="payments.nobody", source="contracts", topic="contracts.Lost", event_version=1,
    key="k", payload={}, occurred_at=clock.now(), attempts=8, dead_at=clock.now(), last_error="KeyError: 'k'",
)
"""


@pytest.fixture(scope="module")
def running(pair: Pair) -> Iterator[Pair]:
    for name in ("efua", "kojo"):
        pair.identity.manage(
            "create_staff", "--email", f"{name}@example.com", "--name", name.title(), "--password-stdin",
            typed=f"{STAFF_PASSWORD}\n",
        )  # fmt: skip
    pair.payments.manage("shell", "-c", DEAD_LETTER)
    with pair.identity.runs(), pair.payments.runs():
        yield pair


@dataclass
class Browser:
    """Follows redirects and sends the forms it is shown, as a browser does; remembers every address it was at."""

    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20))
    been: list[str] = field(default_factory=list)
    page: httpx.Response = field(init=False)

    def open(self, url: str) -> str:
        return self._take(self.client.get(url))

    def submit(self, url: str, **fields: object) -> str:
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page.text)[0]
        return self._take(self.client.post(url, data={"csrfmiddlewaretoken": token, **fields}))

    def _take(self, answer: httpx.Response) -> str:
        while True:
            self.been.append(str(answer.url))
            self.page = answer
            if answer.is_redirect:
                answer = self.client.get(urljoin(str(answer.url), answer.headers["Location"]))
            elif form := re.search(r'<form id="carrier" method="post" action="([^"]+)"', answer.text):
                self.carried = re.findall(r'name="token" value="([^"]+)"', answer.text)[0]
                answer = self.client.post(html.unescape(form[1]), data={"token": self.carried})
            else:
                return answer.text

    @property
    def at(self) -> str:
        return urlsplit(str(self.page.url)).path

    def log_in(self, name: str) -> str:
        """For the first time: with the password comes the page that wants an authenticator app."""
        self.submit(str(self.page.url), username=f"{name}@example.com", password=STAFF_PASSWORD)
        assert self.at == "/admin/second-factor/set-up"
        shown = self.submit(str(self.page.url), app="begin")
        (secret,) = re.findall(r'<code id="secret">([A-Z2-7]+)</code>', shown)
        shown = self.submit(str(self.page.url), code=pyotp.TOTP(secret).now())
        (address,) = re.findall(r'<a href="([^"]+)" class="underline">Go on to the desk</a>', shown)
        return self.open(urljoin(str(self.page.url), html.unescape(address)))


def test_from_the_log_in_at_identity_to_work_at_payments_and_out_again(running: Pair) -> None:
    browser, root = Browser(), f"{running.payments.url}{desk_root('payments')}"
    listing = f"{root}inbox/?q=k"
    browser.open(listing)
    assert (browser.page.url.port, browser.at) == (running.identity.port, "/admin/login/")

    shown = browser.log_in("efua")
    assert str(browser.page.url) == listing
    assert "contracts.Lost" in shown
    assert "Efua" in shown
    assert f"{running.identity.url}/admin/" in shown  # the way back
    assert not any("token" in address for address in browser.been)

    (row,) = re.findall(r'name="_selected_action" value="([^"]+)"', shown)
    assert httpx.post(listing, data={"action": "try_again"}, cookies=browser.client.cookies).status_code == 403
    told = browser.submit(listing, action="try_again", _selected_action=row)
    assert "1 events will be tried again" in told

    replayed = browser.client.post(f"{root}sso", data={"token": browser.carried})
    assert replayed.status_code == 403
    at_the_api = httpx.get(
        f"{running.payments.url}/api/v1/wallet?currency=GHS", headers={"Authorization": f"Bearer {browser.carried}"}
    )
    assert (at_the_api.status_code, at_the_api.json()["code"]) == (401, "token_invalid")

    browser.submit(f"{root}logout")
    assert (browser.page.url.port, browser.at) == (running.identity.port, "/admin/logout/")
    browser.submit(str(browser.page.url))
    browser.open(listing)
    assert (browser.page.url.port, browser.at) == (running.identity.port, "/admin/login/")


def test_suspended_staff_are_refused_at_once_although_their_cookie_is_good(running: Pair) -> None:
    browser, root = Browser(), f"{running.payments.url}{desk_root('payments')}"
    browser.open(root)
    browser.log_in("kojo")
    assert browser.at == desk_root("payments")
    kept = browser.client.cookies.get("kelmah_desk")
    suspend = (
        "from domains.identity import actions; from domains.identity.models import User;"
        "actions.suspend_user(user_id=User.objects.get(email='kojo@example.com').id)"
    )
    running.identity.manage("shell", "-c", suspend)
    assert browser.client.cookies.get("kelmah_desk") == kept
    answer = browser.client.get(root)
    assert (answer.status_code, urlsplit(answer.headers["Location"]).path) == (302, f"{desk_root('payments')}login")
    browser.open(root)
    assert browser.at == "/admin/login/"


def test_neither_side_has_tables_of_the_other(running: Pair) -> None:
    at_payments = {name for name in running.payments.tables() if name != "payments.django_migrations"}
    assert at_payments
    assert all(name.startswith("payments.payments_") for name in at_payments)
    assert {"identity.auth_permission", "identity.django_session"} <= running.identity.tables()
