"""Protected funds stand still while the bank of whoever paid them in has taken that payment back.

What was earned before stays earned; what was not is released once the bank has let go, or decided.
"""

from decimal import Decimal

import pytest

from domains.payments import actions, rules
from domains.payments.actions import disputes, escrows, exchange, reviews
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Rejected
from domains.payments.models import Deposit, Escrow, GatewayCommand
from domains.payments.queries import protected
from domains.payments.tasks import run_deadlines
from kelmah import clock as now
from kelmah.errors import InvalidTransition
from kelmah.ids import new_id
from kelmah.interfaces.payments.calls import payments
from kelmah.interfaces.payments.events import EscrowRefunded, EscrowReleased
from kelmah.money import Money
from tests.payments.disputed import disputed, emptied
from tests.payments.factories import (
    FundingFactory,
    cedis,
    funded_escrow,
    in_wallet,
    ordered_payout,
    rich,
    ruling,
    somebody,
    state_of,
)
from tests.payments.test_disputes_told import Case

pytestmark = pytest.mark.domain("payments")


def charges_of(user_id) -> list[GatewayCommand]:
    """Oldest first."""
    deposits = Deposit.objects.filter(user_id=user_id).order_by("created_at", "id").values_list("id", flat=True)
    return [GatewayCommand.objects.get(kind="charge", subject_id=deposit_id) for deposit_id in deposits]


def taken_back(escrow: Escrow, phase: str = "withdrawn") -> None:
    """What the bank says of the payment that fed it."""
    disputed(charges_of(escrow.hirer_id)[0], phase)


def funded(hirer_id, amount) -> Escrow:
    """From what is in the wallet already."""
    funding = FundingFactory(hirer_id=hirer_id, amount=amount)
    actions.fund_escrow(funding)
    return Escrow.objects.get(milestone_id=funding.milestone_id)


@pytest.mark.parametrize("approve", [actions.release_escrow, escrows.release_approved])
def test_an_approval_waits_until_the_bank_lets_go(clock, published, approve):
    escrow = funded_escrow()
    taken_back(escrow)
    for _ in range(2):
        approve(milestone_id=escrow.milestone_id)
    clock.advance(days=3)
    run_deadlines()
    assert (state_of(escrow), in_wallet(escrow.worker_id), published.of(EscrowReleased)) == ("funded", 0, [])
    taken_back(escrow, "reinstated")
    clock.advance(hours=1)
    assert run_deadlines() == 1
    assert (state_of(escrow), in_wallet(escrow.worker_id), len(published.of(EscrowReleased))) == ("released", 112500, 1)
    clock.advance(days=1)
    assert run_deadlines() == 0


def test_when_the_bank_has_won_the_worker_is_paid_and_the_hirer_owes(clock):
    escrow = funded_escrow()
    taken_back(escrow)
    actions.release_escrow(milestone_id=escrow.milestone_id)
    taken_back(escrow, "lost")
    clock.advance(hours=1)
    run_deadlines()
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("released", 112500)


def test_silence_pays_nothing_while_it_lasts_and_pays_when_it_is_over(clock):
    escrow = funded_escrow()
    reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
    taken_back(escrow)
    clock.advance(days=20)
    run_deadlines()
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("funded", 0)
    taken_back(escrow, "reinstated")
    clock.advance(hours=1)
    run_deadlines()
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("released", 112500)


def test_neither_a_part_nor_an_agreement_nor_a_decision_gives_the_worker_anything():
    escrow = funded_escrow()
    taken_back(escrow)
    with pytest.raises(rules.FundsFrozen):
        escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(100))
    with pytest.raises(rules.FundsFrozen):
        escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(100))
    dispute_id = new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    with pytest.raises(rules.FundsFrozen):
        disputes.decide(dispute_id=dispute_id, to_worker=cedis(100))
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("disputed", 0)
    disputes.decide(dispute_id=dispute_id, to_worker=cedis(0))
    assert state_of(escrow) == "refunded"


@pytest.mark.parametrize("end", ["reinstated", "lost"])
@pytest.mark.parametrize(("to_worker", "outcome"), [(1250, ("released", 112500)), (625, ("split", 56250))])
def test_a_ruling_for_the_worker_waits_until_the_bank_is_done(clock, published, end, to_worker, outcome):
    escrow = funded_escrow()
    case = Case(escrow)
    case.opened()
    taken_back(escrow)
    case.resolved(cedis(to_worker))
    for _ in range(3):
        clock.advance(days=1)
        run_deadlines()
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("disputed", 0)
    taken_back(escrow, end)
    clock.advance(hours=1)
    assert run_deadlines() == 1
    case.resolved(cedis(to_worker))
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == outcome
    assert len(published.of(EscrowReleased)) + len(published.of(EscrowRefunded)) == 1
    clock.advance(days=1)
    assert run_deadlines() == 0


def test_a_ruling_before_the_bank_came_is_carried_out_and_stays():
    escrow = funded_escrow()
    case = Case(escrow)
    case.opened()
    case.resolved(cedis(1250))
    taken_back(escrow)
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("released", 112500)


def test_a_ruling_for_the_hirer_waits_for_no_bank():
    escrow = funded_escrow()
    case = Case(escrow)
    case.opened()
    taken_back(escrow)
    case.resolved(cedis(0))
    assert state_of(escrow) == "refunded"


def test_what_was_ruled_is_neither_withdrawn_nor_ruled_otherwise_while_it_waits():
    escrow = funded_escrow()
    case = Case(escrow)
    case.opened()
    taken_back(escrow)
    case.resolved(cedis(625))
    for other in (case.withdrawn, lambda: case.resolved(cedis(0)), lambda: case.resolved(cedis(1250))):
        with pytest.raises(InvalidTransition):
            other()
    assert state_of(escrow) == "disputed"


def test_a_caller_in_another_process_is_told_that_funds_are_frozen(settings):
    """Over the wire a refusal is itself only if the interface names it."""
    settings.RPC_TRANSPORT = "loopback"
    escrow, dispute_id = funded_escrow(), new_id()
    taken_back(escrow)
    with pytest.raises(rules.FundsFrozen):
        payments.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(1))
    with pytest.raises(rules.FundsFrozen):
        payments.settle(milestone_id=escrow.milestone_id, to_worker=cedis(1))
    payments.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    with pytest.raises(rules.FundsFrozen):
        payments.decide(dispute_id=dispute_id, to_worker=cedis(1))


def test_what_goes_back_to_the_hirer_is_not_held_up_and_the_approval_is_void(clock):
    escrow = funded_escrow()
    taken_back(escrow)
    actions.release_escrow(milestone_id=escrow.milestone_id)
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
    clock.advance(hours=1)
    run_deadlines()
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("refunded", 0)


def test_an_approval_outlives_a_dispute_that_is_withdrawn(clock):
    escrow = funded_escrow()
    taken_back(escrow)
    actions.release_escrow(milestone_id=escrow.milestone_id)
    dispute_id = new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    taken_back(escrow, "reinstated")
    clock.advance(hours=1)
    run_deadlines()
    assert state_of(escrow) == "disputed"
    disputes.unfreeze(dispute_id=dispute_id)
    clock.advance(hours=1)
    run_deadlines()
    assert state_of(escrow) == "released"


def test_an_inquiry_freezes_nothing():
    escrow = funded_escrow()
    taken_back(escrow, "inquiry")
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert state_of(escrow) == "released"


def test_only_what_the_payment_fed_is_frozen_first_in_first_out():
    """100 and 50 paid in; 60, 60 and 30 protected: the second is of both payments."""
    by = rich(cedis(100))
    rich(cedis(50), by.user_id)
    first, second, third = (funded(by.user_id, cedis(amount)) for amount in (60, 60, 30))
    older, newer = charges_of(by.user_id)
    disputed(newer)
    assert [protected.is_frozen(each) for each in (first, second, third)] == [False, True, True]
    disputed(newer, "reinstated")
    disputed(older)
    assert [protected.is_frozen(each) for each in (first, second, third)] == [True, True, False]


def test_a_payment_that_was_spent_otherwise_and_another_hirers_freeze_nothing():
    by, other = rich(cedis(100)), funded_escrow()
    emptied(by.user_id, cedis(100))
    rich(cedis(50), by.user_id)
    escrow = funded(by.user_id, cedis(50))
    disputed(charges_of(by.user_id)[0])
    assert [protected.is_frozen(each) for each in (escrow, other)] == [False, False]


def test_what_came_back_and_was_protected_anew_is_still_that_payment():
    by = rich(cedis(60))
    first = funded(by.user_id, cedis(60))
    actions.refund_escrow(milestone_id=first.milestone_id, ruling=ruling())
    rich(cedis(50), by.user_id)
    second, third = funded(by.user_id, cedis(60)), funded(by.user_id, cedis(50))
    older, newer = charges_of(by.user_id)
    disputed(older)
    assert [protected.is_frozen(each) for each in (second, third)] == [True, False]
    disputed(older, "reinstated")
    disputed(newer)
    assert [protected.is_frozen(each) for each in (second, third)] == [False, True]


def test_what_a_payout_gave_back_is_still_that_payment():
    by = rich(cedis(60))
    _, command = ordered_payout(by, cedis(60))
    settle_command(command_id=command.id, outcome=Rejected(code="account_closed"))
    escrow = funded(by.user_id, cedis(60))
    disputed(charges_of(by.user_id)[0])
    assert protected.is_frozen(escrow)


def test_what_was_changed_into_another_currency_is_still_that_payment():
    exchange.keep_rates({"GHS": Decimal(10)}, origin="Bank of Ghana", observed_at=now.now())
    by = rich(cedis(100))
    rich(cedis(50), by.user_id)
    for sold in (cedis(100), cedis(50)):
        exchange.accept(by=by, quote_id=exchange.quote(by=by, sold=sold, into="USD").id)
    first, second = funded(by.user_id, Money(700, "USD")), funded(by.user_id, Money(350, "USD"))
    older, newer = charges_of(by.user_id)
    disputed(older)
    assert [protected.is_frozen(each) for each in (first, second)] == [
        True,
        True,
    ]
    disputed(older, "reinstated")
    disputed(newer)
    assert [protected.is_frozen(each) for each in (first, second)] == [False, True]


def test_both_sides_see_that_it_is_frozen(api):
    escrow = funded_escrow()
    hirer, worker = somebody(escrow.hirer_id), somebody(escrow.worker_id, "worker")
    path = f"/escrows/{escrow.milestone_id}"
    assert api.as_(worker).get(path).json["frozen"] is False
    taken_back(escrow)
    assert [api.as_(side).get(path).json["frozen"] for side in (hirer, worker)] == [True, True]
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
    assert api.as_(hirer).get(path).json["frozen"] is False
