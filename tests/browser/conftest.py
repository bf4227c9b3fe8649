"""A whole system in which something has happened, and browsers in front of it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import Browser, chromium
from tests.browser.people import employ
from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.narrator import Narrator
from tests.journeys.system import Running, started


@pytest.fixture(scope="package")
def running() -> Iterator[Running]:
    """As ``make run`` starts it, with demo people, staff of every role, and one job paid."""
    with started("local") as system:
        FirstPaidJob(
            api=system.api,
            live=system.live,
            mailbox=system.mailbox,
            narrator=Narrator(quiet=True),
            clock_file=system.clock_file,
        ).play()
        employ(system)
        yield system


@pytest.fixture
def browser(running: Running) -> Iterator[Browser]:
    """By name: passkeys are bound to none that is a number."""
    with chromium(f"http://localhost:{urlsplit(running.api).port}") as opened:
        yield opened
