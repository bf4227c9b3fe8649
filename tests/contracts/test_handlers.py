"""What contracts hears, and that hearing it twice is safe."""

import pytest

from domains.contracts import handlers
from domains.contracts.models import Contract, Milestone
from kelmah.db import atomic
from kelmah.interfaces.payments.events import EscrowFunded, EscrowFundingFailed, EscrowReleased
from tests.contracts.factories import OfferAcceptedFactory, active_contract, approved_milestone, cedis

pytestmark = pytest.mark.domain("contracts")


def hear(handler, event, *, times=2):
    for _ in range(times):
        with atomic("contracts"):
            handler(event)


def test_an_accepted_offer_becomes_one_contract_under_the_promised_id():
    event = OfferAcceptedFactory()
    hear(handlers.on_offer_accepted, event)
    contract = Contract.objects.get()
    assert (contract.id, contract.amount, contract.state) == (event.contract_id, cedis(800), "awaiting_signatures")
    steps = contract.milestones.order_by("position").values_list("title", "amount_minor")
    assert list(steps) == [("Delivered", 30000), ("Fitted", 50000)]


def escrow_event(kind, milestone, **more):
    contract = milestone.contract
    return kind(
        milestone_id=milestone.id,
        contract_id=contract.id,
        hirer_id=contract.hirer_id,
        worker_id=contract.worker_id,
        title=milestone.title,
        **more,
    )


def waiting_milestone() -> Milestone:
    milestone = active_contract().milestones.get()
    Milestone.objects.filter(id=milestone.id).update(state="awaiting_funds", funding_request=1)
    return milestone


def test_protected_money_lets_work_begin():
    milestone = waiting_milestone()
    hear(handlers.on_escrow_funded, escrow_event(EscrowFunded, milestone, amount=cedis(500), request=1))
    milestone.refresh_from_db()
    assert milestone.state == "funded"


def test_missing_money_puts_the_milestone_back():
    milestone = waiting_milestone()
    event = escrow_event(EscrowFundingFailed, milestone, amount=cedis(500), request=1, reason="insufficient_funds")
    hear(handlers.on_escrow_funding_failed, event)
    milestone.refresh_from_db()
    assert (milestone.state, milestone.funding_error) == ("planned", "insufficient_funds")


def test_released_money_completes_the_only_milestone_and_the_contract():
    milestone = approved_milestone()
    event = escrow_event(EscrowReleased, milestone, gross=cedis(500), fee=cedis(50), net=cedis(450))
    hear(handlers.on_escrow_released, event)
    assert Contract.objects.get(id=milestone.contract_id).state == "completed"
