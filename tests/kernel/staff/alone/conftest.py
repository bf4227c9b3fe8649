"""The desk of the one domain that runs here."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured

from tests.kernel.staff.browser import Browser

# Where identity is, staff enter with a password and the desk is another: tests/journeys/test_staff_desk.py.
collect_ignore_glob = ["test_*.py"] if configured.IDENTITY_IS_LOCAL else []


@pytest.fixture
def domain() -> str:
    (domain,) = configured.LOCAL_DOMAINS
    return str(domain)


@pytest.fixture
def browser(db: None, domain: str) -> Browser:
    """Nobody yet."""
    return Browser(domain)


@pytest.fixture
def desk(browser: Browser) -> Browser:
    """Somebody with all rights, who has entered."""
    assert browser.enter().status_code == 302
    return browser


@pytest.fixture(autouse=True)
def _no_outside(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.MAILBOX_DIR = tmp_path, tmp_path
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"
