"""The public service of contracts."""

from uuid import UUID

from domains.contracts.models import Contract
from kelmah.interfaces.contracts.calls import Contracts
from kelmah.interfaces.contracts.types import ContractSummary


class ContractsService(Contracts):
    def contracts(self, *, ids: list[UUID]) -> list[ContractSummary]:
        return [
            ContractSummary(
                contract_id=contract.id,
                job_id=contract.job_id,
                hirer_id=contract.hirer_id,
                worker_id=contract.worker_id,
                title=contract.title,
                state=contract.state,
            )
            for contract in Contract.objects.filter(id__in=ids)
        ]
