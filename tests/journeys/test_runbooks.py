"""docs/runbooks of payments are true: their commands, run beside one system with demo data, say what they say."""

import sys
from collections.abc import Iterator

import pytest

from tests.journeys.system import ROOT, Running, started
from tests.pages import Page

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def demo() -> Iterator[Running]:
    with started("local") as system:
        yield system


@pytest.mark.parametrize("name", ["unknown-payment", "payout-returned", "gateway-down", "books-red", "restore"])
def test_the_commands_of_the_runbook_do_what_it_says(demo: Running, name: str) -> None:
    page = Page(f"runbooks/{name}")
    operator = {"DATA": str(demo.data), "PYTHON": sys.executable, "KELMAH_EXTRA_DOMAINS": ""}
    assert page.said(cwd=ROOT, logs=True, **operator) == page.told
