"""docs/accounts.md is true: its commands, run against a server, say what it says they say."""

import pytest
from django.conf import settings as now

from kelmah.embedded.folders import CLONE
from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.pages import Page

pytestmark = [pytest.mark.domain("identity", transaction=True), pytest.mark.in_process, pytest.mark.timeout(240)]


def test_the_commands_of_the_page_do_what_it_says(letters, drain):
    page, folder = Page("accounts"), str(letters.folder)
    with api_process(**where_it_is(), REDIS_URL=now.REDIS_URL) as address:
        said = page.said(cwd=CLONE, meanwhile=drain, API=f"{address}/api/v1", MAILBOX=folder)
    assert said == page.told
