"""docs/sessions-and-keys.md is true: its commands, run against a server, say what it says they say."""

from pathlib import Path

import pytest
from django.conf import settings

from domains.identity.actions import impersonation
from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.identity.factories import PASSWORD, colleague, sign_up
from tests.pages import Page

pytestmark = [pytest.mark.domain("*", transaction=True), pytest.mark.timeout(240)]

WHY = "Asked why nothing is shown"  # as the page has it


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    page, who = Page("sessions-and-keys"), sign_up(role="hirer").user
    seen = impersonation.begin(user_id=who.id, staff_id=colleague("support").id, reason=WHY, ip=None)
    with api_process(**where_it_is(), REDIS_URL=settings.REDIS_URL) as address:
        said = page.said(
            cwd=tmp_path, API=f"{address}/api/v1", LOGIN=who.email, PASSWORD=PASSWORD, IMPERSONATION=seen.access_token
        )
    assert said == page.told
