"""Staff of a running system, as its operators make them."""

import subprocess
import sys
from urllib.parse import urlsplit

from kelmah.embedded.environment import environments
from kelmah.embedded.folders import CLONE
from tests.browser.chromium import Browser
from tests.identity.factories import STAFF_PASSWORD
from tests.journeys.system import Running

_EMPLOY = """
from domains.identity.tasks import count_people
from tests.identity.factories import colleague
from tests.kernel.staff.who_sees import STAFF_ROLES
for role in STAFF_ROLES:
    colleague(role, email=f"{role}@example.com")
for name, role in {"efua": "support", "kojo": "support", "esi": "compliance"}.items():
    colleague(role, email=f"{name}@example.com")
count_people()
"""


def employ(running: Running) -> None:
    """``<role>@example.com`` for each role of staff; Efua, Kojo and Esi besides. None has a second factor.

    And people are counted, as every day.
    """
    where = environments(
        data=running.data,
        database_url=_database(running),
        redis_url=_redis(running),
        port=urlsplit(running.api).port or 0,
        live_port=urlsplit(running.live).port or 0,
    )
    environment = where.processes | {"KELMAH_CLOCK_FILE": str(running.clock_file)}
    command = [sys.executable, "-W", "ignore", "manage.py", "shell", "-c", _EMPLOY]
    done = subprocess.run(command, cwd=CLONE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def give_password(browser: Browser, name: str) -> None:
    """On the page that asks for it."""
    browser.fill(username=f"{name}@example.com", password=STAFF_PASSWORD)
    browser.press("form [type=submit]")


def enter(browser: Browser, name: str) -> None:
    """The desk, for the first time: with a passkey made on the way."""
    browser.gets_an_authenticator()
    browser.open("/admin/")
    give_password(browser, name)
    browser.press("#passkey-form button")
    browser.press("a.underline")
    assert browser.at == "/admin/"


# Private functions


def _database(running: Running) -> str:
    port = (running.data / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[3]
    return f"postgresql://kelmah@127.0.0.1:{port}/kelmah"


def _redis(running: Running) -> str:
    lines = (running.data / "redis" / "redis.conf").read_text().splitlines()
    said = dict(line.split(" ", 1) for line in lines if " " in line)
    password = said["requirepass"].strip('"')
    return f"redis://:{password}@127.0.0.1:{said['port']}/0"
