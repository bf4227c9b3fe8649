"""What contracts does when it hears of accepted offers and of money."""

from domains.contracts import actions, rules
from domains.contracts.actions import privacy, settlements
from domains.contracts.actions.settlements import Settlement
from kelmah.events.handlers import handles
from kelmah.interfaces.identity.events import PersonAsked
from kelmah.interfaces.marketplace.events import OfferAccepted
from kelmah.interfaces.payments.events import (
    EscrowFunded,
    EscrowFundingFailed,
    EscrowPartReleased,
    EscrowRefunded,
    EscrowReleased,
    WeekReleased,
)
from kelmah.money import Money


@handles(OfferAccepted)
def on_offer_accepted(event: OfferAccepted) -> None:
    """Make the contract. Twice is safe: an offer has at most one contract (unique offer_id)."""
    terms = rules.Terms(
        contract_id=event.contract_id,
        job_id=event.job_id,
        hirer_id=event.hirer_id,
        worker_id=event.worker_id,
        title=event.title,
        scope=event.scope,
        kind=event.kind,
        amount=event.amount,
        steps=[
            rules.Step(title=step.title, description=step.description, amount=step.amount, due_in_days=step.due_in_days)
            for step in event.milestones
        ],
    )
    actions.create_contract(terms=terms, offer_id=event.offer_id, category=event.category)


@handles(EscrowFunded)
def on_escrow_funded(event: EscrowFunded) -> None:
    """Let work begin. Twice is safe: only the awaited answer to the latest request counts."""
    actions.mark_funded(milestone_id=event.milestone_id, request=event.request)


@handles(EscrowFundingFailed)
def on_escrow_funding_failed(event: EscrowFundingFailed) -> None:
    """Let the hirer try again. Twice is safe: only the awaited answer to the latest request counts."""
    actions.mark_funding_failed(milestone_id=event.milestone_id, request=event.request, reason=event.reason)


@handles(EscrowReleased)
def on_escrow_released(event: EscrowReleased) -> None:
    """Mark the milestone paid. Twice is safe: a settled milestone stays as it is."""
    actions.mark_released(milestone_id=event.milestone_id, contract_id=event.contract_id, fee=event.fee, net=event.net)


@handles(EscrowPartReleased)
def on_escrow_part_released(event: EscrowPartReleased) -> None:
    """Count the part in. Twice is safe: a part has a number. What becomes of a week counts its parts in itself."""
    if event.week is None:
        settlements.mark_part_paid(milestone_id=event.milestone_id, number=event.number, fee=event.fee, net=event.net)


@handles(EscrowRefunded)
def on_escrow_refunded(event: EscrowRefunded) -> None:
    """Mark the milestone, or keep the week, as refunded or split. Twice is safe: what is settled stays as it is."""
    settlement = Settlement(fee=event.fee, net=event.net, refunded=event.refunded)
    subject_id, contract_id = event.milestone_id, event.contract_id
    if event.week is None:
        settlements.mark_settled(milestone_id=subject_id, contract_id=contract_id, settlement=settlement)
    else:
        settlements.mark_week_settled(
            week_id=subject_id, contract_id=contract_id, monday=event.week, settlement=settlement
        )


@handles(WeekReleased)
def on_week_released(event: WeekReleased) -> None:
    """Count the week in. Twice is safe: a week is kept once."""
    settlement = Settlement(fee=event.fee, net=event.net, refunded=Money(0, event.fee.currency))
    settlements.mark_week_settled(
        week_id=event.milestone_id, contract_id=event.contract_id, monday=event.week, settlement=settlement
    )


@handles(PersonAsked)
def on_person_asked(event: PersonAsked) -> None:
    """Copy, check or forget what is kept about somebody. Twice is safe: the second time finds nothing to do."""
    privacy.answer(event)
