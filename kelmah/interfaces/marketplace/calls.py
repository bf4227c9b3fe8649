"""What other domains may ask marketplace."""

from abc import abstractmethod
from uuid import UUID

from kelmah.interfaces.marketplace.types import JobSummary, ProposalParties
from kelmah.rpc import Service, remote


class Marketplace(Service, domain="marketplace", callers=("messaging",)):
    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def jobs(self, *, ids: list[UUID]) -> list[JobSummary]:
        """These jobs, in no order; unknown ids are left out."""

    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def proposals(self, *, ids: list[UUID]) -> list[ProposalParties]:
        """Who stands behind these proposals, in no order; unknown ids are left out."""


marketplace = Marketplace.connect()
