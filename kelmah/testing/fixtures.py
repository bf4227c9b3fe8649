"""Fixtures that every test may use."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import ApiClient
from kelmah.testing.events import PublishedEvents
from kelmah.testing.letters import Letters


@pytest.fixture(autouse=True)
def _real_time_again() -> Iterator[None]:
    yield
    kelmah_clock.reset()


@pytest.fixture(scope="session", autouse=True)
def _redis(request: pytest.FixtureRequest) -> None:
    """Every test process has a numbered database of the embedded Redis."""
    from django.conf import settings

    from kelmah.testing.servers import test_redis_url

    settings.REDIS_URL = test_redis_url()


@pytest.fixture
def clock() -> Any:
    """``kelmah.clock``; whatever a test advances is undone after it."""
    return kelmah_clock


@pytest.fixture
def principal() -> Callable[..., Principal]:
    """``principal(role="hirer")``: a caller with a fresh id, or the given one."""

    def make(*roles: str, role: str | None = None, user_id: UUID | None = None, **rest: Any) -> Principal:
        held = frozenset(roles) | ({role} if role else frozenset())
        return Principal(user_id=user_id or new_id(), roles=held, session_id=new_id(), **rest)

    return make


@pytest.fixture
def api(db: None) -> ApiClient:
    """The REST API with real access tokens: ``api.as_(principal).post(path, body)``, ``api.anonymous.get(path)``."""
    return ApiClient()


@pytest.fixture
def drain(request: pytest.FixtureRequest) -> Callable[[], int]:
    """Deliver every pending event between the domains that the test may touch, until nothing is left.

    A failing handler fails the test.
    """
    from django.test import override_settings

    from kelmah.events.drain import drain as deliver

    mark = request.node.get_closest_marker("django_db")

    def run() -> int:
        with override_settings(LOCAL_DOMAINS=tuple(mark.kwargs["databases"])):
            return deliver()

    return run


@pytest.fixture
def published() -> PublishedEvents:
    """What was published in this test: ``published.of(EscrowFunded)``."""
    return PublishedEvents()


class DeliveredLetters(Letters):
    """Whoever looks finds what was to be sent until then."""

    def __init__(self, folder: Path, drain: Callable[[], int]) -> None:
        super().__init__(folder)
        self._drain = drain

    def to(self, address: str) -> list[str]:
        self._drain()
        return super().to(address)

    def secret(self, address: str) -> str:
        """The newest one; a test fails when there is none."""
        return self.secrets(address)[-1]


@pytest.fixture
def letters(tmp_path: Path, settings: Any, drain: Callable[[], int]) -> DeliveredLetters:
    """The mails and texts of this test: ``letters.to("ama@example.com")``, ``letters.secret("+233241234567")``."""
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return DeliveredLetters(tmp_path / "mailbox", drain)


@pytest.fixture
def race() -> Callable[..., list[Any]]:
    """``race(fn, 8)`` or ``race([fn, gn])``: at once, each in a thread with connections of its own.

    Returns what each returned, or the exception it raised, in order. Needs ``domain(..., transaction=True)``.
    """

    def run(runners: Callable[[], Any] | Sequence[Callable[[], Any]], count: int = 2) -> list[Any]:
        jobs = [runners] * count if callable(runners) else list(runners)
        outcome: list[Any] = [None] * len(jobs)
        start = threading.Barrier(len(jobs))

        def one(number: int, job: Callable[[], Any]) -> None:
            from django.db import connections

            start.wait(timeout=30)
            try:
                outcome[number] = job()
            except Exception as error:
                outcome[number] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one, args=(n, job)) for n, job in enumerate(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in threads), "a racing thread hangs: a deadlock?"
        return outcome

    return run
