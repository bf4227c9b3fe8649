"""Identity as payments meets it: it knows whom it was told of, and how far each was verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.identity.types import FoundWorker, HeldRole, Person, Profile, WorkerSearch


class KnownPeople:
    def __init__(self) -> None:
        self.failure: type[Exception] | None = None
        self.known: dict[UUID, Person] = {}
        self.taken: dict[UUID, list[str]] = {}

    def knows(self, user_id: UUID, name: str = "Kofi Mensah", level: int = 0, status: str = "active") -> None:
        self.known[user_id] = Person(
            user_id=user_id,
            display_name=name,
            role="worker",
            locale="en",
            zone="Africa/Accra",
            status=status,
            verified_level=level,
        )

    def people(self, *, ids: list[UUID]) -> list[Person]:
        if self.failure:
            raise self.failure
        return [self.known[user_id] for user_id in ids if user_id in self.known]

    def profiles(self, *, ids: list[UUID]) -> list[Profile]:
        return []

    def grants(self, *, user_id: UUID) -> list[HeldRole]:
        return []

    def restricted_among(self, *, ids: list[UUID], permission: str) -> list[UUID]:
        if self.failure:
            raise self.failure
        return [user_id for user_id in ids if permission in self.taken.get(user_id, [])]

    def find_workers(self, *, wanted: WorkerSearch, limit: int) -> list[FoundWorker]:
        return []


@contextmanager
def known_people() -> Iterator[KnownPeople]:
    fake = KnownPeople()
    with identity.replaced_by(fake):
        yield fake
