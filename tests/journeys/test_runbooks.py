"""docs/runbooks of payments and docs/wallet.md are true: their commands, run beside one system, say what they say."""

import re
import shlex
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.narrator import Narrator
from tests.journeys.system import ROOT, Running, started
from tests.pages import Page

pytestmark = [pytest.mark.slow, pytest.mark.quiet, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with started("local") as system:
        yield system


def operator(demo: Running) -> dict[str, str]:
    """The environment of a shell beside it."""
    return {"DATA": str(demo.data), "PYTHON": sys.executable, "KELMAH_EXTRA_DOMAINS": ""}


@pytest.mark.parametrize("name", ["unknown-payment", "payout-returned", "gateway-down", "books-red"])
def test_the_commands_of_the_runbook_do_what_it_says(demo: Running, name: str) -> None:
    page = Page(f"runbooks/{name}")
    assert page.said(cwd=ROOT, logs=True, **operator(demo)) == page.told


def test_a_client_gets_money_in_and_out_by_curl_as_the_page_says(demo: Running) -> None:
    page = Page("wallet")
    assert page.said(cwd=ROOT, logs=True, API=f"{demo.api}/api/v1", **operator(demo)) == page.told


def test_payments_start_again_on_a_restored_copy_as_the_runbook_says(demo: Running) -> None:
    page = Page("runbooks/restore")
    said = page.said(cwd=ROOT, in_between=lambda: started_on_the_copy(demo), logs=True, **operator(demo))
    assert said == page.told
    FirstPaidJob(
        api=demo.api, live=demo.live, mailbox=demo.mailbox, narrator=Narrator(quiet=True), clock_file=demo.clock_file
    ).play()


def started_on_the_copy(demo: Running) -> None:
    """What the operator types in the terminal of ``make run``."""
    [admin] = re.findall(r"^ADMIN_URL=(.*)$", (demo.data / "environment").read_text(), re.MULTILINE)
    demo.restart(PAYMENTS_DATABASE_URL=urlsplit(shlex.split(admin)[0])._replace(path="/kelmah_restored").geturl())
