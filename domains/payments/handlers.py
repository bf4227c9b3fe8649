"""What payments does when it hears of milestones."""

from domains.payments import actions
from domains.payments.actions import disputes, escrows, privacy
from kelmah.events.handlers import handles
from kelmah.interfaces.contracts.events import (
    DisputeOpened,
    DisputeResolved,
    DisputeWithdrawn,
    MilestoneApproved,
    MilestoneFundingRequested,
)
from kelmah.interfaces.identity.events import PersonAsked


@handles(MilestoneFundingRequested)
def on_milestone_funding_requested(event: MilestoneFundingRequested) -> None:
    """Protect the amount. Twice is safe: each request has one row, and the ledger key one transaction."""
    actions.fund_escrow(
        actions.Funding(
            milestone_id=event.milestone_id,
            contract_id=event.contract_id,
            hirer_id=event.hirer_id,
            worker_id=event.worker_id,
            title=event.title,
            amount=event.amount,
            fee_plan=event.fee_plan,
            request=event.request,
            own_clock=True,  # silence after a submission is counted by contracts, and by nobody else
        )
    )


@handles(MilestoneApproved)
def on_milestone_approved(event: MilestoneApproved) -> None:
    """Pay the worker. Twice is safe: a settled escrow stays as it is, and its settle key posts once."""
    escrows.release_approved(milestone_id=event.milestone_id)


@handles(DisputeOpened)
def on_dispute_opened(event: DisputeOpened) -> None:
    """Freeze what is held. Twice is safe: a dispute freezes once."""
    disputes.freeze_unsettled(dispute_id=event.dispute_id, milestone_id=event.milestone_id)


@handles(DisputeWithdrawn)
def on_dispute_withdrawn(event: DisputeWithdrawn) -> None:
    """Hold it as before. Twice is safe: what is not frozen any more stays as it is."""
    disputes.unfreeze_frozen(dispute_id=event.dispute_id, milestone_id=event.milestone_id)


@handles(DisputeResolved)
def on_dispute_resolved(event: DisputeResolved) -> None:
    """Pay as decided. Twice is safe: the same decision is carried out once."""
    disputes.decide_frozen(dispute_id=event.dispute_id, milestone_id=event.milestone_id, to_worker=event.to_worker)


@handles(PersonAsked)
def on_person_asked(event: PersonAsked) -> None:
    """Copy, check or forget what is kept about somebody. Twice is safe: the second time finds nothing to do."""
    privacy.answer(event)
