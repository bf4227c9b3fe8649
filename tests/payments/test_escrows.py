"""Protected funds: in once, out once, nothing lost on the way."""

import pytest

from domains.payments import actions, handlers, queries, rules
from domains.payments.models import Decision, Escrow, LedgerAccount, LedgerTransaction
from kelmah.db import atomic
from kelmah.errors import InvalidTransition, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import MilestoneApproved, MilestoneFundingRequested
from kelmah.interfaces.payments.events import EscrowFunded, EscrowFundingFailed, EscrowReleased
from tests.payments.factories import FundingFactory, cedis, funded_escrow, in_wallet, new_plan, rich, ruling, state_of

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
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
    assert in_wallet(escrow.hirer_id) == 125000
    with pytest.raises(InvalidTransition):
        actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 0


def test_a_released_escrow_is_not_refunded():
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    with pytest.raises(InvalidTransition):
        actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
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


def test_a_milestone_funded_before_answers_a_later_request_without_moving_money(published):
    escrow = funded_escrow()
    rich(cedis(5000), escrow.hirer_id)
    facts = {"milestone_id": escrow.milestone_id, "contract_id": escrow.contract_id, "hirer_id": escrow.hirer_id}
    actions.fund_escrow(FundingFactory(**facts, worker_id=escrow.worker_id, request=2))
    actions.fund_escrow(FundingFactory(**facts, worker_id=escrow.worker_id, request=3, amount=cedis(1)))
    assert in_wallet(escrow.hirer_id) == 500000
    assert [event.request for event in published.of(EscrowFunded)] == [1, 2]
    assert [(event.request, event.reason) for event in published.of(EscrowFundingFailed)] == [(3, "already_funded")]


def test_a_release_that_is_heard_before_the_funding_is_kept_and_tried_again():
    """The handler fails, so the event stays in the inbox: order by contract makes this rare, not impossible."""
    funding = FundingFactory()
    rich(funding.amount, funding.hirer_id)
    with pytest.raises(NotFound):
        actions.release_escrow(milestone_id=funding.milestone_id)
    actions.fund_escrow(funding)
    actions.release_escrow(milestone_id=funding.milestone_id)
    assert in_wallet(funding.worker_id) == 112500


def test_a_release_pays_before_it_says_so():
    """State, fee and money change together or not at all: a released escrow is a paid worker."""
    escrow = funded_escrow()
    with pytest.raises(ZeroDivisionError), atomic("payments"):
        actions.release_escrow(milestone_id=escrow.milestone_id)
        raise ZeroDivisionError
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("funded", 0)
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("released", 112500)


def test_the_fee_is_that_of_the_plan_in_force_at_funding():
    before = funded_escrow()
    new_plan(name="standard", basis_points=2000)
    after = funded_escrow()
    for escrow in (before, after):
        actions.release_escrow(milestone_id=escrow.milestone_id)
    assert (in_wallet(before.worker_id), in_wallet(after.worker_id)) == (112500, 100000)
    assert (before.fee_plan, after.fee_plan) == ("standard v1", "standard v2")


def test_a_quick_job_costs_fifteen_percent():
    escrow = funded_escrow(fee_plan="quick", amount=cedis(200))
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 17000


def test_an_unknown_fee_plan_funds_nothing_and_is_an_error_for_staff():
    funding = FundingFactory(fee_plan="imaginary")
    rich(funding.amount, funding.hirer_id)
    with pytest.raises(NotFound):
        actions.fund_escrow(funding)
    assert (in_wallet(funding.hirer_id), Escrow.objects.count()) == (125000, 0)


def test_fees_stand_on_the_platforms_accounts_in_full():
    for _ in range(5):
        actions.release_escrow(milestone_id=funded_escrow().milestone_id)
    fees = LedgerAccount.objects.filter(key__startswith="platform:fee:GHS:").values_list("balance", flat=True)
    assert sum(fees) == 5 * 12500


def test_a_refund_keeps_who_decided_it_and_why():
    escrow = funded_escrow()
    with pytest.raises(rules.ReasonMissing):
        actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling("  "))
    assert state_of(escrow) == "funded"
    why = ruling("the worker fell ill")
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=why)
    decision = Decision.objects.get()
    assert (decision.by, decision.reason, decision.subject_id) == (why.by, why.reason, str(escrow.milestone_id))


def test_a_settlement_of_one_kind_takes_the_key_of_every_other():
    escrow = funded_escrow()
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
    key = f"escrow:{escrow.milestone_id}:settle"
    assert LedgerTransaction.objects.get(idem=key).kind == "escrow_refund"
    Escrow.objects.filter(pk=escrow.pk).update(
        state="funded", settled_at=None, refunded_minor=0
    )  # as if the row had been forgotten
    with pytest.raises(rules.LedgerKeyReused):
        actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 0
    Escrow.objects.filter(pk=escrow.pk).update(state="refunded", settled_at=escrow.funded_at, refunded_minor=125000)
