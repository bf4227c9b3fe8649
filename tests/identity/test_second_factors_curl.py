"""docs/second-factors.md is true: its commands, run against a server, say what it says they say."""

import sys

import pytest
from django.conf import settings

from kelmah.embedded.folders import CLONE
from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.identity.factories import PASSWORD, sign_up
from tests.pages import Page

pytestmark = [pytest.mark.domain("identity", transaction=True), pytest.mark.in_process, pytest.mark.timeout(240)]


def test_the_commands_of_the_page_do_what_it_says():
    page, who = Page("second-factors"), sign_up().user
    with api_process(**where_it_is(), REDIS_URL=settings.REDIS_URL) as address:
        said = page.said(cwd=CLONE, API=f"{address}/api/v1", LOGIN=who.email, PASSWORD=PASSWORD, PYTHON=sys.executable)
    assert said == page.told
