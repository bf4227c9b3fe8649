"""What the tests of marketplace share: callers, and identity as it answers or fails."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from domains.marketplace.models import Job
from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.identity.types import FoundWorker, HeldRole, Person, Profile, WorkerSearch
from kelmah.principal import Principal
from kelmah.rpc import RemoteUnavailable
from kelmah.testing.client import ApiClient
from kelmah.testing.databases import rows_of


class FakeIdentity:
    """Knows everybody it is asked about, and remembers the questions."""

    def __init__(self) -> None:
        self.down = False
        self.asked: list[list[UUID]] = []

    def people(self, *, ids: list[UUID]) -> list[Person]:
        return []

    def profiles(self, *, ids: list[UUID]) -> list[Profile]:
        self.asked.append(ids)
        if self.down:
            raise RemoteUnavailable
        return [
            Profile(
                user_id=user_id,
                display_name=f"Worker {str(user_id)[-4:]}",
                role="worker",
                headline="Carpenter in Accra",
                bio="",
                skills=[],
                place="Osu, Accra",
                radius_km=25,
                stars=407,
                reviews=3,
                completeness=80,
            )
            for user_id in ids
        ]

    def grants(self, *, user_id: UUID) -> list[HeldRole]:
        return []

    def restricted_among(self, *, ids: list[UUID], permission: str) -> list[UUID]:
        return []

    def find_workers(self, *, wanted: WorkerSearch, limit: int) -> list[FoundWorker]:
        return []


@pytest.fixture(autouse=True)
def people() -> Iterator[FakeIdentity]:
    fake = FakeIdentity()
    with identity.replaced_by(fake):
        yield fake


@pytest.fixture
def hirer(principal: Callable[..., Principal]) -> Principal:
    return principal("hirer")


@pytest.fixture
def worker(principal: Callable[..., Principal]) -> Principal:
    return principal("worker")


@pytest.fixture
def as_hirer_of(api: ApiClient, principal: Callable[..., Principal]) -> Callable[[Job], ApiClient]:
    return lambda job: api.as_(principal("hirer", user_id=job.hirer_id))


@pytest.fixture
def rows() -> Callable[[], Any]:
    """Every row of the domain's own tables, to see that a refusal changed nothing."""

    tables = ("job", "jobskill", "proposal", "offer", "deadline", "outbox")
    return lambda: rows_of("marketplace", tables)
