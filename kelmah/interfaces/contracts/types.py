"""What contracts tells the other domains."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class ContractSummary:
    """A contract and its two sides."""

    contract_id: UUID
    job_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    state: str
