"""The servers under a test run: one PostgreSQL for all its processes, one Redis for each, gone when it ends.

``KELMAH_TEST_DATABASE_URL`` (a superuser's) and ``KELMAH_TEST_REDIS_URL`` name servers to use instead.
"""

import atexit
import os
from functools import cache

import pytest

from kelmah.embedded.postgres import Postgres
from kelmah.embedded.redis import Redis

_DATABASE = "KELMAH_TEST_DATABASE_URL"
_REDIS = "KELMAH_TEST_REDIS_URL"


def test_postgres_url() -> str:
    """A superuser's URL of this run's PostgreSQL, started on first use. Call it from the main thread."""
    # Through the environment, so that xdist's workers and processes started by tests find the same server.
    return os.environ.get(_DATABASE) or os.environ.setdefault(_DATABASE, _postgres().start())


def test_redis_url() -> str:
    """The URL of this process's Redis, started on first use. Call it from the main thread.

    Not shared between workers: pub/sub channels have no walls between Redis databases.
    """
    return os.environ.get(_REDIS) or os.environ.setdefault(_REDIS, _redis().start())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """The controller starts the server before there are workers, and outlives them all."""
    test_postgres_url()


def pytest_unconfigure() -> None:
    for server, variable in ((_postgres, _DATABASE), (_redis, _REDIS)):
        if server.cache_info().currsize:
            server().stop()
            server.cache_clear()
            os.environ.pop(variable, None)


@cache
def _postgres() -> Postgres:
    server = Postgres.for_tests()
    atexit.register(server.stop)
    return server


@cache
def _redis() -> Redis:
    server = Redis.for_tests()
    atexit.register(server.stop)
    return server
