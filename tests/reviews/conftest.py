"""What the tests of reviews share: identity as it answers or fails, and the sight of every row."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kelmah.interfaces.identity.calls import identity
from kelmah.testing.databases import rows_of
from tests.reviews.factories import FakePeople


@pytest.fixture(autouse=True)
def people() -> Iterator[FakePeople]:
    fake = FakePeople()
    with identity.replaced_by(fake):
        yield fake


@pytest.fixture
def rows() -> Callable[[], Any]:
    """Every row of the domain's own tables, to see that a refusal changed nothing."""

    tables = ("reviewwindow", "review", "reputation", "categorymean", "deadline", "outbox")
    return lambda: rows_of("reviews", tables)
