"""Proposals made by workers, and what the hirer does with them short of an offer."""

from uuid import UUID

from domains.marketplace import queries, rules
from domains.marketplace.models import Deadline, Proposal
from kelmah import clock, deadlines
from kelmah.db import atomic, check_version
from kelmah.events.publish import publish
from kelmah.interfaces.marketplace.events import ProposalSubmitted, ProposalWithdrawn
from kelmah.money import Money
from kelmah.principal import Principal

EXPIRE_PROPOSAL = "expire_proposal"


def submit_proposal(*, job_id: UUID, by: Principal, cover_letter: str, amount: Money, delivery_days: int) -> Proposal:
    """A worker proposes to do the job; seven days of silence end it.

    Raises NotFound, OwnJob, JobNotOpen, AlreadyProposed, InvalidInput.
    """
    job = queries.access_job(job_id=job_id, by=by)
    rules.check_not_own_job(hirer_id=job.hirer_id, worker_id=by.user_id)
    with atomic("marketplace"):
        # Closing locks the same row: no proposal slips into a job that has ended, none of two at once is a second one.
        job = queries.lock_job(job_id)
        if job.state != "open":
            raise rules.JobNotOpen(data={"state": job.state})
        rules.check_amount(amount, budget=job.budget, banded=job.enforce_budget_band)
        if job.proposals.filter(worker_id=by.user_id, state__in=rules.LIVE_PROPOSALS).exists():
            raise rules.AlreadyProposed
        proposal = Proposal.objects.create(
            job=job,
            worker_id=by.user_id,
            cover_letter=cover_letter,
            amount_minor=amount.minor,
            currency=amount.currency,
            delivery_days=delivery_days,
            created_at=clock.now(),
        )
        _await_hirer(proposal)
        publish(
            ProposalSubmitted(
                proposal_id=proposal.id,
                job_id=job.id,
                job_title=job.title,
                hirer_id=job.hirer_id,
                worker_id=proposal.worker_id,
            )
        )
    return proposal


def withdraw_proposal(*, proposal_id: UUID, by: Principal, expected_version: int | None) -> Proposal:
    """The worker steps back; an offer that waits for an answer is declined with it.

    Raises NotFound, NotTheWorker, StaleVersion, InvalidTransition.
    """
    with atomic("marketplace"):
        proposal = proposal_locked(proposal_id, by)
        rules.check_worker(_side(proposal, by))
        check_version(proposal, expected_version)
        end_proposal(proposal, "withdraw")
        offer = queries.live_offer_of(proposal)
        if offer is not None:
            offer.state, offer.ended_at = rules.OFFER.check("decline", offer.state), proposal.ended_at
            offer.save_change("state", "ended_at")
        publish(
            ProposalWithdrawn(
                proposal_id=proposal.id,
                job_id=proposal.job_id,
                job_title=proposal.job.title,
                hirer_id=proposal.job.hirer_id,
                worker_id=proposal.worker_id,
            )
        )
    return proposal


def view_proposal(*, proposal_id: UUID, by: Principal, expected_version: int | None) -> Proposal:
    """The hirer has read it; the seven days begin anew.

    Raises NotFound, NotTheHirer, StaleVersion, InvalidTransition.
    """
    return _hirers_step(proposal_id, by, expected_version, "view")


def shortlist_proposal(*, proposal_id: UUID, by: Principal, expected_version: int | None) -> Proposal:
    """The hirer keeps it; silence no longer ends it. Raises NotFound, NotTheHirer, StaleVersion, InvalidTransition."""
    return _hirers_step(proposal_id, by, expected_version, "shortlist")


def decline_proposal(*, proposal_id: UUID, by: Principal, expected_version: int | None) -> Proposal:
    """The hirer says no. Raises NotFound, NotTheHirer, StaleVersion, InvalidTransition."""
    return _hirers_step(proposal_id, by, expected_version, "decline")


def expire_proposal(*, subject_id: UUID, subject_version: int) -> None:
    """The hirer was silent for seven days; a deadline of an older version of the proposal does nothing."""
    with atomic("marketplace"):
        proposal = queries.lock_proposal(subject_id)  # the hirer may be sending an offer at this very moment
        if proposal.version == subject_version:
            end_proposal(proposal, "expire")


def proposal_locked(proposal_id: UUID, by: Principal) -> Proposal:
    """The proposal and its job, locked, for one of the two sides. Raises NotFound."""
    queries.access_proposal(proposal_id=proposal_id, by=by)
    return queries.lock_proposal(proposal_id)


def end_proposal(proposal: Proposal, step: str) -> None:
    """Take a locked proposal to one of its ends. Raises InvalidTransition."""
    proposal.state, proposal.ended_at = rules.PROPOSAL.check(step, proposal.state), clock.now()
    proposal.save_change("state", "ended_at")
    deadlines.cancel(Deadline, subject_id=proposal.id, kind=EXPIRE_PROPOSAL)


# Private functions


def _side(proposal: Proposal, by: Principal) -> str:
    return rules.side_of(hirer_id=proposal.job.hirer_id, worker_id=proposal.worker_id, user_id=by.user_id)


def _hirers_step(proposal_id: UUID, by: Principal, expected_version: int | None, step: str) -> Proposal:
    with atomic("marketplace"):
        proposal = proposal_locked(proposal_id, by)
        rules.check_hirer(_side(proposal, by))
        check_version(proposal, expected_version)
        if step == "decline":
            end_proposal(proposal, step)
            return proposal
        proposal.state = rules.PROPOSAL.check(step, proposal.state)
        proposal.save_change("state")
        if proposal.state == "viewed":
            _await_hirer(proposal)
        else:
            deadlines.cancel(Deadline, subject_id=proposal.id, kind=EXPIRE_PROPOSAL)
    return proposal


def _await_hirer(proposal: Proposal) -> None:
    due_at = clock.now() + rules.SILENT_FOR
    deadlines.schedule(Deadline, subject_id=proposal.id, kind=EXPIRE_PROPOSAL, due_at=due_at, version=proposal.version)
