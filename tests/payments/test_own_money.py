"""Nobody of the staff decides about money of their own, alone or as one of two."""

import pytest

from domains.payments import actions
from domains.payments.actions import Ruling, adjustments, receivables, refunds, suspense
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Succeeded
from domains.payments.models import Decision, Deposit
from domains.payments.rules import available
from domains.payments.rules.errors import NotYoursToJudge
from kelmah.ids import new_id
from tests.payments.disputed import charge_of, disputed, emptied
from tests.payments.factories import (
    cedis,
    facts_of,
    funded_escrow,
    in_wallet,
    move,
    ordered_deposit,
    rich,
    ruling,
    somebody,
    state_of,
)
from tests.payments.test_suspense import unasked

pytestmark = pytest.mark.domain("payments")


def by(user_id) -> Ruling:
    return Ruling(by=user_id, reason="it is mine")


@pytest.mark.parametrize("side", ["hirer_id", "worker_id"])
def test_an_escrow_is_refunded_by_neither_of_its_sides(side):
    escrow = funded_escrow()
    with pytest.raises(NotYoursToJudge):
        actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=by(getattr(escrow, side)))
    assert (state_of(escrow), Decision.objects.count()) == ("funded", 0)


def test_a_debt_is_not_given_up_by_whoever_owes_it():
    debtor = rich(cedis(100)).user_id
    charge = charge_of(debtor)
    emptied(debtor, cedis(100))
    disputed(charge)
    with pytest.raises(NotYoursToJudge):
        receivables.forgive(user_id=debtor, currency="GHS", ruling=by(debtor))


def test_a_deposit_is_neither_refunded_nor_accepted_nor_dismissed_by_its_owner():
    owner = rich(cedis(100)).user_id
    with pytest.raises(NotYoursToJudge):
        refunds.refund_deposit(deposit_id=Deposit.objects.get().id, ruling=by(owner))
    deposit, command = ordered_deposit(somebody(owner), cedis(10))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, amount=cedis(99))))
    for decide in (actions.accept_deposit, actions.dismiss_deposit):
        with pytest.raises(NotYoursToJudge):
            decide(deposit_id=deposit.id, ruling=by(owner))
    assert (state_of(deposit), in_wallet(owner)) == ("in_review", 10000)


def test_what_is_suspended_is_credited_by_two_others():
    owner, item = rich(cedis(1)).user_id, unasked()
    with pytest.raises(NotYoursToJudge):
        suspense.propose(item=item.id, credit_to=owner, ruling=by(owner))
    proposal = suspense.propose(item=item.id, credit_to=owner, ruling=ruling())
    with pytest.raises(NotYoursToJudge):
        suspense.carry_out(proposal_id=proposal.id, ruling=by(owner))
    assert in_wallet(owner) == 100


def test_a_correction_of_ones_own_wallet_is_neither_asked_for_nor_approved():
    owner = rich(cedis(100)).user_id
    wanted = {"lines": [("platform:loss:GHS", -cedis(10)), (available(owner, "GHS"), cedis(10))], "reason": "mine"}
    given = move("platform:loss:GHS", available(owner, "GHS"), cedis(5))
    with pytest.raises(NotYoursToJudge):
        adjustments.ask(**wanted, by_id=owner)
    with pytest.raises(NotYoursToJudge):
        adjustments.ask_reversal(txn=given, by_id=owner, reason="mine")
    for asked in (
        adjustments.ask(**wanted, by_id=new_id()),
        adjustments.ask_reversal(txn=given, by_id=new_id(), reason="a slip"),
    ):
        with pytest.raises(NotYoursToJudge):
            adjustments.approve(adjustment_id=asked.id, by_id=owner)
    assert in_wallet(owner) == 10500
