"""docs/privacy.md is true: its commands, run against a whole system, say what it says they say."""

from pathlib import Path

import pytest

from tests.journeys.system import Running
from tests.pages import Page

pytestmark = pytest.mark.timeout(400)


def test_the_commands_of_the_page_do_what_it_says(running: Running, tmp_path: Path) -> None:
    page = Page("privacy")
    assert page.said(cwd=tmp_path, API=f"{running.api}/api/v1") == page.told
