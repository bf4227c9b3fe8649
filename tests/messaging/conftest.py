"""Fixtures of messaging's tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.messaging.factories import Neighbours


@pytest.fixture
def neighbours() -> Iterator[Neighbours]:
    """Stand-ins for the domains that messaging asks."""
    with Neighbours().standing_in() as standing:
        yield standing


@pytest.fixture
def mailbox(tmp_path: Path, settings: Any) -> Path:
    """Where mails go, empty."""
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return tmp_path / "mailbox"
