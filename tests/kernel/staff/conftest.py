"""Two processes for the tests that need them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.staff.pair import Pair, two_databases


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("pair")
    with two_databases(folder) as made:
        yield made
