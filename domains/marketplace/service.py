"""The public service of marketplace."""

from uuid import UUID

from domains.marketplace.models import Job, Proposal
from kelmah.interfaces.marketplace.calls import Marketplace
from kelmah.interfaces.marketplace.types import JobSummary, ProposalParties


class MarketplaceService(Marketplace):
    def jobs(self, *, ids: list[UUID]) -> list[JobSummary]:
        return [
            JobSummary(job_id=job.id, hirer_id=job.hirer_id, title=job.title, category=job.category_id, state=job.state)
            for job in Job.objects.filter(id__in=ids).defer("search", "description")
        ]

    def proposals(self, *, ids: list[UUID]) -> list[ProposalParties]:
        return [
            ProposalParties(
                proposal_id=proposal.id,
                job_id=proposal.job_id,
                job_title=proposal.job.title,
                hirer_id=proposal.job.hirer_id,
                worker_id=proposal.worker_id,
                state=proposal.state,
            )
            for proposal in Proposal.objects.filter(id__in=ids).select_related("job").defer("job__search")
        ]
