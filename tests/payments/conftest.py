"""The provider beside the tests, and the books checked after each."""

from collections.abc import Iterator

import pytest

from tests.payments.people import KnownPeople, known_people
from tests.payments.provider import SECRET, Provider, caught


@pytest.fixture(autouse=True)
def _books_in_order(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test that touched payments the books are in order, unless it broke them on purpose."""
    mark = request.node.get_closest_marker("django_db")
    if mark is not None:
        # Set up after the test's database, so torn down, and the books checked, before it is rolled back or wiped.
        request.getfixturevalue("transactional_db" if mark.kwargs.get("transaction") else "db")
    yield
    if mark is not None and request.node.get_closest_marker("breaks_the_books") is None:
        from domains.payments.queries.invariants import contradictions

        assert contradictions() == []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "breaks_the_books: a test of the check itself")


@pytest.fixture(scope="session")
def _provider_process() -> Iterator[Provider]:
    with caught() as provider:
        yield provider


@pytest.fixture
def provider(_provider_process: Provider, settings) -> Provider:
    """The sandbox provider, a process of its own; our settings point at it."""
    settings.SANDBOX_GATEWAY_URL = _provider_process.url
    settings.SANDBOX_WEBHOOK_SECRETS = [SECRET, "whsec_old"]
    return _provider_process


@pytest.fixture
def nobody_there(settings) -> None:
    """A provider that is down: nothing listens on the discard port."""
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"


@pytest.fixture
def impatient(monkeypatch) -> None:
    """We wait for an answer a shorter time than the provider is silent."""
    from domains.payments.gateways import sandbox

    monkeypatch.setattr(sandbox, "TIMEOUT", 0.5)


@pytest.fixture
def transactional_rollback():
    """A savepoint that is rolled back, with the books checked before: for many examples in one test."""
    from collections.abc import Iterator as It
    from contextlib import contextmanager

    from domains.payments.queries.invariants import contradictions
    from kelmah.db import atomic

    class Enough(Exception):
        pass

    @contextmanager
    def one_example() -> It[None]:
        try:
            with atomic("payments"):
                yield
                assert contradictions() == []
                raise Enough
        except Enough:
            pass

    return one_example


@pytest.fixture
def people() -> Iterator[KnownPeople]:
    """Identity beside payments: ``people.knows(user_id, name="Kofi Mensah", level=1)``."""
    with known_people() as known:
        yield known
