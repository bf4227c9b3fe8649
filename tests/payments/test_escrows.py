"""Protected funds: in once, out once, nothing lost on the way."""

import pytest

from domains.payments import actions, handlers, queries, rules
from domains.payments.models import Escrow
from kelmah.db import atomic
from kelmah.errors import InvalidTransition, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import MilestoneApproved, MilestoneFundingRequested
from kelmah.interfaces.payments.events import EscrowFunded, EscrowFundingFailed, EscrowReleased
from tests.payments.factories import FundingFactory, cedis, funded_escrow, in_wallet, rich

pytestmark = pytest.mark.domain("payments")


def test_funding_moves_the_amount_from_the_wallet_into_the_escrow(published):
    escrow = funded_escrow()
    assert queries.balance_of(rules.escrow(escrow.milestone_id), "GHS") == cedis(1250)
    assert in_wallet(escrow.hirer_id) == 0
    assert [event.milestone_id for event in published.of(EscrowFunded)] == [escrow.milestone_id]


def test_too_little_money_moves_nothing_and_says_so(published):
    funding = FundingFactory()
    rich(cedis(1249.99), funding.hirer_id)
    actions.fund_escrow(funding)
    assert in_wallet(funding.hirer_id) == 124999
    assert not Escrow.objects.exists()
    assert [event.reason for event in published.of(EscrowFundingFailed)] == ["insufficient_funds"]


def test_a_request_heard_twice_is_answered_once(published):
    funding = FundingFactory()
    rich(cedis(5000), funding.hirer_id)
    for _ in range(2):
        actions.fund_escrow(funding)
    assert in_wallet(funding.hirer_id) == 375000
    assert len(published.of(EscrowFunded)) == 1


def test_after_a_failure_a_new_request_can_succeed(published):
    funding = FundingFactory()
    actions.fund_escrow(funding)
    rich(cedis(1250), funding.hirer_id)
    actions.fund_escrow(FundingFactory(**{**funding.__dict__, "request": 2}))
    assert len(published.of(EscrowFunded)) == 1


def test_a_release_pays_the_worker_and_the_platform_exactly(published):
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 112500
    event = published.of(EscrowReleased)[0]
    assert (event.gross, event.fee, event.net) == (cedis(1250), cedis(125), cedis(1125))


def test_a_release_heard_twice_pays_once():
    escrow = funded_escrow()
    for _ in range(2):
        actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 112500


def test_a_refund_gives_everything_back_and_excludes_a_release():
    escrow = funded_escrow()
    actions.refund_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.hirer_id) == 125000
    with pytest.raises(InvalidTransition):
        actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 0


def test_a_released_escrow_is_not_refunded():
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    with pytest.raises(InvalidTransition):
        actions.refund_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.hirer_id) == 0


def test_what_was_never_funded_is_not_released():
    with pytest.raises(NotFound):
        actions.release_escrow(milestone_id=new_id())


def test_a_fee_that_rounds_to_nothing_is_no_line():
    escrow = funded_escrow(amount=cedis(0.04))
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 4


def test_the_handlers_may_hear_everything_twice():
    hirer = rich(cedis(2000))
    facts = {
        "milestone_id": new_id(),
        "contract_id": new_id(),
        "hirer_id": hirer.user_id,
        "worker_id": new_id(),
        "title": "Cabinets fitted",
        "amount": cedis(1250),
    }
    asked = MilestoneFundingRequested(**facts, fee_plan="standard", request=1)
    approved = MilestoneApproved(**facts, by="hirer")
    for handler, event in (
        (handlers.on_milestone_funding_requested, asked),
        (handlers.on_milestone_funding_requested, asked),
        (handlers.on_milestone_approved, approved),
        (handlers.on_milestone_approved, approved),
    ):
        with atomic("payments"):
            handler(event)
    assert (in_wallet(hirer.user_id), in_wallet(facts["worker_id"])) == (75000, 112500)
