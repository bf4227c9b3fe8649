from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import redis

from kelmah import clock
from kelmah.http import store
from kelmah.http.keys import _read_key
from kelmah.ids import new_id
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


@pytest.fixture
def sign(settings: Any) -> Callable[..., str]:
    """A token as identity signs it, except for what the test changes; a claim set to None is left out."""
    ours = _read_key(settings.JWT_SIGNING_KEYS[0])

    def make(*, key: Any = None, algorithm: str = "ES256", headers: dict[str, str] | None = None, **claims: Any) -> str:
        now = int(clock.now().timestamp())
        payload = {
            "sub": str(new_id()), "sid": str(new_id()), "jti": "j", "iat": now, "exp": now + 600, "auth_time": now,
            "aud": settings.JWT_AUDIENCE, "iss": settings.JWT_ISSUER, "typ": "access", "roles": ["worker"],
        } | claims  # fmt: skip
        payload = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(
            payload, key or ours.private, algorithm=algorithm, headers={"kid": ours.kid} | (headers or {})
        )

    return make
