"""Facts about contracts and milestones. All of one contract keep their order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kelmah.events.event import Event
from kelmah.interfaces.privacy import Answered
from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class ContractCreated(Event, domain="contracts", key="contract_id", to=("messaging",)):
    """The contract of an accepted offer exists and waits for both signatures."""

    contract_id: UUID
    job_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str


@dataclass(frozen=True, kw_only=True)
class ContractPartySigned(Event, domain="contracts", key="contract_id", to=("messaging",)):
    """One side signed. ``role`` is ``hirer`` or ``worker``."""

    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    role: str


@dataclass(frozen=True, kw_only=True)
class ContractSigned(Event, domain="contracts", key="contract_id", to=("identity", "messaging")):
    """Both sides signed: the contract is active. ``text_sha256`` is the hash of the frozen text, in hex."""

    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    text_sha256: str


@dataclass(frozen=True, kw_only=True)
class ContractEnded(Event, domain="contracts", key="contract_id", to=("messaging", "reviews", "identity")):
    """The contract is over: ``outcome`` is ``completed``, ``cancelled`` or ``terminated``; ``paid`` was released."""

    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    category: str
    outcome: str
    paid: Money
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class MilestoneFundingRequested(Event, domain="contracts", key="contract_id", to=("payments",)):
    """The hirer asks payments to move ``amount`` from their wallet into the milestone's escrow under a fee plan."""

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    amount: Money
    fee_plan: str
    request: int


@dataclass(frozen=True, kw_only=True)
class MilestoneSubmitted(Event, domain="contracts", key="contract_id", to=("messaging",)):
    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    auto_approve_at: datetime


@dataclass(frozen=True, kw_only=True)
class MilestoneChangesRequested(Event, domain="contracts", key="contract_id", to=("messaging",)):
    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    note: str


@dataclass(frozen=True, kw_only=True)
class MilestoneApproved(Event, domain="contracts", key="contract_id", to=("payments", "messaging")):
    """The work is accepted; payments releases the escrow. ``by`` is ``hirer`` or ``clock`` (14 days of silence)."""

    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    amount: Money
    by: str


@dataclass(frozen=True, kw_only=True)
class DisputeOpened(Event, domain="contracts", key="contract_id", to=("payments", "messaging")):
    """One side disputes a milestone: payments freezes what is held. ``role``, ``hirer`` or ``worker``, opened it."""

    dispute_id: UUID
    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    role: str


@dataclass(frozen=True, kw_only=True)
class DisputeWithdrawn(Event, domain="contracts", key="contract_id", to=("payments", "messaging")):
    """Whoever opened it took it back: the money is held as before."""

    dispute_id: UUID
    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    role: str


@dataclass(frozen=True, kw_only=True)
class DisputeResolved(Event, domain="contracts", key="contract_id", to=("payments", "messaging")):
    """Staff decided: ``to_worker`` of what is frozen goes to the worker, less the fee, the rest to the hirer."""

    dispute_id: UUID
    milestone_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    to_worker: Money


@dataclass(frozen=True, kw_only=True)
class PersonAnswered(Answered, Event, domain="contracts", key="user_id", to=("identity",)):
    """What contracts did for a request about somebody's data."""
