"""docs/social-login.md is true: its commands, run against a server and a real provider, say what it says they say."""

import pytest
from django.conf import settings

from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import HOST, free_port
from kelmah.testing.api_process import api_process
from kelmah.testing.databases import where_it_is
from tests.pages import Page

pytestmark = [pytest.mark.domain("identity", transaction=True), pytest.mark.in_process]


def test_the_commands_of_the_page_do_what_it_says(provider_process):
    page = Page("social-login")
    port = free_port()
    environment = {"JWT_ISSUER": f"http://{HOST}:{port}", "SOCIAL_REDIRECTS": "http://127.0.0.1:3000/auth/social"}
    for name in ("GOOGLE", "LINKEDIN"):
        environment |= {
            f"SOCIAL_{name}_CLIENT_ID": "kelmah",
            f"SOCIAL_{name}_CLIENT_SECRET": "secret",
            f"SOCIAL_{name}_ISSUER": provider_process.issuer,
        }
    with api_process(port=port, **where_it_is(), **environment, REDIS_URL=settings.REDIS_URL) as address:
        said = page.said(cwd=CLONE, API=f"{address}/api/v1", PROVIDER=provider_process.issuer)
    assert said == page.told
