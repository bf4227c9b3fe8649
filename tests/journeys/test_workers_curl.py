"""docs/workers.md is true: its commands, run against a server, say what it says they say."""

from pathlib import Path

import pytest
from django.conf import settings

from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.identity.factories import sign_up
from tests.pages import Page

pytestmark = [pytest.mark.domain("identity", "marketplace", transaction=True), pytest.mark.timeout(240)]


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    page, kofi, ama = Page("workers"), sign_up(display_name="Kofi"), sign_up(role="hirer")
    with api_process(**where_it_is(), REDIS_URL=settings.REDIS_URL) as address:
        said = page.said(cwd=tmp_path, API=f"{address}/api/v1", KOFI=kofi.access_token, AMA=ama.access_token)
    assert said == page.told
