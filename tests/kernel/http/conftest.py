from collections.abc import Iterator
from typing import Any

import pytest
import redis

from kelmah.http import store
from kelmah.testing.client import ApiClient

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _probe_routes(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.kernel.http.urls"


@pytest.fixture(autouse=True)
def _empty_store(settings: Any) -> Iterator[None]:
    store._quiet_until.clear()
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    yield
    store._quiet_until.clear()


@pytest.fixture
def web() -> ApiClient:
    """The API without a database."""
    return ApiClient()


@pytest.fixture
def store_down(settings: Any) -> None:
    settings.REDIS_URL = NOBODY_LISTENS
