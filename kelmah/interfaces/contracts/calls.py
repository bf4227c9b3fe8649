"""What other domains may ask contracts."""

from abc import abstractmethod
from uuid import UUID

from kelmah.interfaces.contracts.types import ContractSummary
from kelmah.rpc import Service, remote


class Contracts(Service, domain="contracts", callers=("messaging",)):
    @remote(timeout=2.0, idempotent=True)
    @abstractmethod
    def contracts(self, *, ids: list[UUID]) -> list[ContractSummary]:
        """These contracts, in no order; unknown ids are left out."""


contracts = Contracts.connect()
