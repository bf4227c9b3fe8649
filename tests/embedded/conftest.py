"""Folders that the account running the servers can enter: pytest's own are closed to it when root runs the tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kelmah.embedded import scratch


@pytest.fixture
def home() -> Iterator[Path]:
    folder = scratch.new_folder("case")
    yield folder
    scratch.discard(folder)
