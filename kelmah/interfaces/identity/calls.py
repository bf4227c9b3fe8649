"""What other domains may ask identity."""

from abc import abstractmethod
from uuid import UUID

from kelmah.interfaces.identity.types import FoundWorker, HeldRole, Person, Profile, WorkerSearch
from kelmah.rpc import Service, remote


class Identity(Service, domain="identity", callers=("marketplace", "contracts", "messaging", "payments", "reviews")):
    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def people(self, *, ids: list[UUID]) -> list[Person]:
        """Names and standing of these people, in no order; unknown ids are left out."""

    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def profiles(self, *, ids: list[UUID]) -> list[Profile]:
        """Public profiles of these people, in no order; unknown ids are left out."""

    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def grants(self, *, user_id: UUID) -> list[HeldRole]:
        """What somebody is now, by name of role: what they chose at sign-up and what they were granted since. Nothing
        for those who are unknown or not active. A token's own claims are younger than ten minutes: ask for others'."""

    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def restricted_among(self, *, ids: list[UUID], permission: str) -> list[UUID]:
        """Those of these people from whom this permission is taken for a time, whatever their roles; in no order."""

    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def find_workers(self, *, wanted: WorkerSearch, limit: int) -> list[FoundWorker]:
        """The best workers who pass all filters, best first; ``limit`` of them at most, and never more than 100."""


identity = Identity.connect()
