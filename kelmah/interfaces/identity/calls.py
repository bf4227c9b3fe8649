"""What other domains may ask identity."""

from abc import abstractmethod
from uuid import UUID

from kelmah.interfaces.identity.types import Person, Profile
from kelmah.rpc import Service, remote


class Identity(Service, domain="identity", callers=("marketplace", "contracts", "messaging", "reviews")):
    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def people(self, *, ids: list[UUID]) -> list[Person]:
        """Names and standing of these people, in no order; unknown ids are left out."""

    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def profiles(self, *, ids: list[UUID]) -> list[Profile]:
        """Public profiles of these people, in no order; unknown ids are left out."""


identity = Identity.connect()
