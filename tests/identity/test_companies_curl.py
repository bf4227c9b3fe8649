"""docs/companies.md is true: its commands, run against a server, say what it says they say."""

from pathlib import Path

import pytest
from django.conf import settings

from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.identity.factories import PASSWORD, sign_up
from tests.pages import Page

pytestmark = [pytest.mark.domain("identity", transaction=True), pytest.mark.in_process, pytest.mark.timeout(240)]


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    page, (ama, esi) = Page("companies"), [sign_up(role="hirer").user.email for _ in range(2)]
    with api_process(**where_it_is(), REDIS_URL=settings.REDIS_URL) as address:
        said = page.said(cwd=tmp_path, API=f"{address}/api/v1", AMA=ama, ESI=esi, PASSWORD=PASSWORD)
    assert said == page.told
