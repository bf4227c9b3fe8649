"""Facts about jobs, proposals and offers."""

from dataclasses import dataclass
from uuid import UUID

from kelmah.events.event import Event
from kelmah.interfaces.marketplace.types import MilestoneTerms, TaxonomySkill
from kelmah.interfaces.privacy import Answered
from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class JobPosted(Event, domain="marketplace", key="job_id", to=("identity", "messaging")):
    """A job is open. Only one whose ``visibility`` is ``public`` may be told to others than its hirer."""

    job_id: UUID
    hirer_id: UUID
    title: str
    category: str
    visibility: str = "public"


@dataclass(frozen=True, kw_only=True)
class JobClosed(Event, domain="marketplace", key="job_id", to=("messaging",)):
    """A job takes no more proposals. ``reason`` is ``closed``, ``filled``, ``expired`` or ``removed``; ``worker_ids``
    are those whose proposals ended with it."""

    job_id: UUID
    hirer_id: UUID
    title: str
    reason: str
    worker_ids: list[UUID]


@dataclass(frozen=True, kw_only=True)
class ProposalSubmitted(Event, domain="marketplace", key="job_id", to=("identity", "messaging")):
    proposal_id: UUID
    job_id: UUID
    job_title: str
    hirer_id: UUID
    worker_id: UUID


@dataclass(frozen=True, kw_only=True)
class ProposalWithdrawn(Event, domain="marketplace", key="job_id", to=("messaging",)):
    proposal_id: UUID
    job_id: UUID
    job_title: str
    hirer_id: UUID
    worker_id: UUID


@dataclass(frozen=True, kw_only=True)
class OfferSent(Event, domain="marketplace", key="job_id", to=("messaging",)):
    offer_id: UUID
    job_id: UUID
    job_title: str
    hirer_id: UUID
    worker_id: UUID


@dataclass(frozen=True, kw_only=True)
class OfferAccepted(Event, domain="marketplace", key="job_id", to=("contracts", "messaging")):
    """Both sides agree. ``contract_id`` names the contract that will be made; ``milestones`` sum to ``amount``."""

    offer_id: UUID
    job_id: UUID
    proposal_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    category: str
    scope: str
    kind: str
    amount: Money
    milestones: list[MilestoneTerms]


@dataclass(frozen=True, kw_only=True)
class SkillsChanged(Event, domain="marketplace", key="taxonomy", to=("identity",)):
    """Skills of the taxonomy as they are now: new, renamed, retired or brought back."""

    skills: list[TaxonomySkill]
    taxonomy: str = "skills"


class PersonAnswered(Answered, Event, domain="marketplace", key="user_id", to=("identity",)):
    """What marketplace did for a request about somebody's data."""
