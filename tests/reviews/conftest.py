"""What the tests of reviews share: identity as it answers or fails, and the sight of every row."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections

from kelmah.interfaces.identity.calls import identity
from tests.reviews.factories import FakePeople


@pytest.fixture(autouse=True)
def people() -> Iterator[FakePeople]:
    fake = FakePeople()
    with identity.replaced_by(fake):
        yield fake


@pytest.fixture
def rows() -> Callable[[], Any]:
    """Every row of the domain's own tables, to see that a refusal changed nothing."""

    def read() -> Any:
        tables = ("reviewwindow", "review", "reputation", "categorymean", "deadline", "outbox")
        with connections["reviews"].cursor() as cursor:
            found = {}
            for table in tables:
                cursor.execute(f"SELECT t::text FROM reviews_{table} AS t ORDER BY 1")
                found[table] = cursor.fetchall()
        return found

    return read
