"""What marketplace tells the other domains about jobs, proposals and offers."""

from dataclasses import dataclass
from uuid import UUID

from kelmah.money import Money


@dataclass(frozen=True, kw_only=True)
class JobSummary:
    """A job posting in a few words."""

    job_id: UUID
    hirer_id: UUID
    title: str
    category: str
    state: str


@dataclass(frozen=True, kw_only=True)
class ProposalParties:
    """Who stands behind a proposal."""

    proposal_id: UUID
    job_id: UUID
    job_title: str
    hirer_id: UUID
    worker_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True)
class MilestoneTerms:
    """One agreed step of the work: what counts as done, for how much, in how many days."""

    title: str
    description: str
    amount: Money
    due_in_days: int | None


@dataclass(frozen=True, kw_only=True)
class TaxonomySkill:
    """A skill of the taxonomy. ``words`` are its synonyms and its category; ``active``: it can still be chosen."""

    skill_id: str
    name: str
    words: list[str]
    active: bool
