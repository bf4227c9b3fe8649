"""docs/rights.md is true: its commands, run against a server, say what it says they say."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from domains.identity.actions import restrictions
from kelmah import clock
from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.identity.factories import PASSWORD, STAFF_PASSWORD, colleague, sign_up, staff
from tests.pages import Page

pytestmark = [pytest.mark.domain("*", transaction=True), pytest.mark.timeout(240)]


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    page, efua, yaa, kofi, ama = Page("rights"), staff(), staff(), colleague(), sign_up(role="hirer").user
    until, why = clock.now() + timedelta(days=10), "Three jobs of one text."
    restrictions.impose(
        user_id=ama.id, kind="posting", code="spam", evidence=why, until=until, by_id=None, source="duplicates"
    )
    people = {"EFUA": efua.email, "YAA": yaa.email, "KOFI": kofi.email, "AMA": ama.email}
    words = {"PASSWORD": STAFF_PASSWORD, "AMAS_PASSWORD": PASSWORD}
    with api_process(**where_it_is(), REDIS_URL=settings.REDIS_URL) as address:
        assert page.said(cwd=tmp_path, API=f"{address}/api/v1", **people, **words) == page.told
