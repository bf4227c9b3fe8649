"""After every test that touched payments the books are in order."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _books_in_order(request: pytest.FixtureRequest) -> Iterator[None]:
    mark = request.node.get_closest_marker("django_db")
    if mark is not None:
        # Set up after the test's database, so torn down, and the books checked, before it is rolled back or wiped.
        request.getfixturevalue("transactional_db" if mark.kwargs.get("transaction") else "db")
    yield
    if mark is not None:
        from domains.payments.queries.invariants import contradictions

        assert contradictions() == []
