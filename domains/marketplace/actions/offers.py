"""Offers: sent by the hirer on a proposal, answered by its worker; one acceptance per job."""

from collections.abc import Sequence
from uuid import UUID

from domains.marketplace import queries, rules
from domains.marketplace.actions.endings import end_job
from domains.marketplace.actions.proposals import EXPIRE_PROPOSAL, end_proposal, proposal_locked
from domains.marketplace.models import Deadline, Offer
from kelmah import clock, deadlines
from kelmah.db import atomic, check_version
from kelmah.events.publish import publish
from kelmah.ids import new_id
from kelmah.interfaces.marketplace.events import OfferAccepted, OfferSent
from kelmah.interfaces.marketplace.types import MilestoneTerms
from kelmah.money import Money
from kelmah.principal import Principal

EXPIRE_OFFER = "expire_offer"


def send_offer(
    *, proposal_id: UUID, by: Principal, scope: str, kind: str, amount: Money, steps: Sequence[rules.Step]
) -> Offer:
    """The hirer offers terms, open for seven days. Several workers may hold offers of one job; who accepts first wins.

    Raises NotFound, NotTheHirer, InvalidTransition, InvalidInput.
    """
    with atomic("marketplace"):
        # The worker may withdraw, or another click send a second offer: both lock the proposal's job first.
        proposal = proposal_locked(proposal_id, by)
        job = proposal.job
        rules.check_hirer(_side(job.hirer_id, proposal.worker_id, by))
        proposal.state = rules.PROPOSAL.check("offer", proposal.state)
        rules.check_amount(amount, budget=job.budget, banded=False)
        rules.check_steps(kind=kind, amount=amount, steps=steps)
        proposal.save_change("state")
        deadlines.cancel(Deadline, subject_id=proposal.id, kind=EXPIRE_PROPOSAL)
        offer = _written(Offer(proposal=proposal, job=job, scope=scope, kind=kind), amount, steps)
        deadlines.schedule(
            Deadline, subject_id=offer.id, kind=EXPIRE_OFFER, due_at=offer.expires_at, version=offer.version
        )
        publish(
            OfferSent(
                offer_id=offer.id,
                job_id=job.id,
                job_title=job.title,
                hirer_id=job.hirer_id,
                worker_id=proposal.worker_id,
            )
        )
    return offer


def accept_offer(*, offer_id: UUID, by: Principal, expected_version: int | None) -> Offer:
    """The worker takes the job: it is filled, every other proposal and offer of it ends, and a contract gets its name.

    Raises NotFound, NotTheWorker, StaleVersion, InvalidTransition.
    """
    with atomic("marketplace"):
        # Two workers accept two offers of one job at once: the lock of the job lets one through, and the other then
        # reads its own offer as void.
        offer = _locked_for(offer_id, by, "worker", expected_version)
        contract_id = new_id()
        _answer(offer, "accept", contract_id=contract_id)
        end_proposal(offer.proposal, "accept")
        publish(_acceptance(offer, contract_id))
        end_job(offer.job, step="fill", reason="filled", losers="lose")
    return offer


def decline_offer(*, offer_id: UUID, by: Principal, expected_version: int | None) -> Offer:
    """The worker says no to these terms; the proposal stays shortlisted, for better ones.

    Raises NotFound, NotTheWorker, StaleVersion, InvalidTransition.
    """
    return _ended_without_agreement(offer_id, by, "worker", expected_version, "decline")


def withdraw_offer(*, offer_id: UUID, by: Principal, expected_version: int | None) -> Offer:
    """The hirer takes the terms back; the proposal stays shortlisted.

    Raises NotFound, NotTheHirer, StaleVersion, InvalidTransition.
    """
    return _ended_without_agreement(offer_id, by, "hirer", expected_version, "withdraw")


def expire_offer(*, subject_id: UUID, subject_version: int) -> None:
    """Seven days without an answer; a deadline of an older version of the offer does nothing."""
    with atomic("marketplace"):
        offer = queries.lock_offer(subject_id)  # the worker may be accepting at this very moment
        if offer.version == subject_version:
            _answer(offer, "expire")
            _return_proposal(offer)


# Private functions


def _side(hirer_id: UUID, worker_id: UUID, by: Principal) -> str:
    return rules.side_of(hirer_id=hirer_id, worker_id=worker_id, user_id=by.user_id)


def _locked_for(offer_id: UUID, by: Principal, role: str, expected_version: int | None) -> Offer:
    queries.access_offer(offer_id=offer_id, by=by)
    offer = queries.lock_offer(offer_id)
    side = _side(offer.job.hirer_id, offer.proposal.worker_id, by)
    rules.check_worker(side) if role == "worker" else rules.check_hirer(side)
    check_version(offer, expected_version)
    return offer


def _ended_without_agreement(
    offer_id: UUID, by: Principal, role: str, expected_version: int | None, step: str
) -> Offer:
    with atomic("marketplace"):
        offer = _locked_for(offer_id, by, role, expected_version)
        _answer(offer, step)
        _return_proposal(offer)
    return offer


def _answer(offer: Offer, step: str, *, contract_id: UUID | None = None) -> None:
    offer.state, offer.ended_at, offer.contract_id = rules.OFFER.check(step, offer.state), clock.now(), contract_id
    offer.save_change("state", "ended_at", "contract_id")
    deadlines.cancel(Deadline, subject_id=offer.id, kind=EXPIRE_OFFER)


def _return_proposal(offer: Offer) -> None:
    offer.proposal.state = rules.PROPOSAL.check("return", offer.proposal.state)
    offer.proposal.save_change("state")


def _written(offer: Offer, amount: Money, steps: Sequence[rules.Step]) -> Offer:
    offer.amount_minor, offer.currency = amount.minor, amount.currency
    offer.milestones = [
        {
            "title": step.title,
            "description": step.description,
            "amount": step.amount.minor,
            "due_in_days": step.due_in_days,
        }
        for step in steps
    ]
    offer.created_at = clock.now()
    offer.expires_at = offer.created_at + rules.OFFER_ANSWERED_WITHIN
    offer.save(force_insert=True)
    return offer


def _acceptance(offer: Offer, contract_id: UUID) -> OfferAccepted:
    return OfferAccepted(
        offer_id=offer.id,
        job_id=offer.job_id,
        proposal_id=offer.proposal_id,
        contract_id=contract_id,
        hirer_id=offer.job.hirer_id,
        worker_id=offer.proposal.worker_id,
        title=offer.job.title,
        category=offer.job.category_id,
        scope=offer.scope,
        kind=offer.kind,
        amount=offer.amount,
        milestones=[
            MilestoneTerms(
                title=step.title, description=step.description, amount=step.amount, due_in_days=step.due_in_days
            )
            for step in offer.steps
        ],
    )
