"""Payments that the payer's bank takes back: whose money it is, what is owed, and who never pays for it."""

from itertools import permutations

import pytest

from domains.payments import actions, rules
from domains.payments.actions import receivables, refunds, suspense
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Rejected, Succeeded
from domains.payments.models import (
    Chargeback,
    Decision,
    Deposit,
    GatewayCommand,
    Receivable,
    Suspended,
)
from domains.payments.queries import refunds as queries
from domains.payments.queries.invariants import contradictions
from domains.payments.tasks import collect_debts, resolve_disputes
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import ChargebackOpened, ChargebackWon
from kelmah.money import Money
from tests.payments.disputed import charge_of, disputed, emptied
from tests.payments.factories import (
    balance,
    cedis,
    facts_of,
    funded_escrow,
    in_wallet,
    ordered_deposit,
    rich,
    ruling,
    somebody,
)

pytestmark = pytest.mark.domain("payments")


def owed(user_id) -> int:
    return queries.owed_by(user_id, "GHS").minor


def test_what_the_bank_takes_back_is_taken_from_the_wallet(published):
    by = rich(cedis(100))
    assert disputed(charge_of(by.user_id))
    assert (in_wallet(by.user_id), owed(by.user_id), balance("gw:sandbox:GHS")) == (0, 0, 0)
    assert [event.amount for event in published.of(ChargebackOpened)] == [cedis(100)]


def test_an_inquiry_moves_nothing_but_nothing_can_be_refunded_while_it_lasts(published):
    by = rich(cedis(100))
    disputed(charge_of(by.user_id), "inquiry")
    assert (in_wallet(by.user_id), Chargeback.objects.get().state) == (10000, "inquiry")
    with pytest.raises(rules.DisputeOpen):
        refunds.request_refund(by=by, deposit_id=Deposit.objects.get().id)
    assert published.of(ChargebackOpened) == []


def test_an_inquiry_that_is_over_lets_the_payment_be_refunded(published):
    by = rich(cedis(100))
    for phase in ("inquiry", "closed", "inquiry"):  # the last is a late word
        disputed(charge_of(by.user_id), phase)
    assert (Chargeback.objects.get().state, contradictions()) == ("closed", [])
    refunds.request_refund(by=by, deposit_id=Deposit.objects.get().id)
    assert (in_wallet(by.user_id), published.of(ChargebackOpened)) == (0, [])


def test_what_the_bank_takes_after_all_is_taken_and_a_late_word_of_the_inquiry_s_end_gives_nothing_back():
    by = rich(cedis(100))
    for phase in ("closed", "withdrawn", "closed"):
        disputed(charge_of(by.user_id), phase)
    assert (Chargeback.objects.get().state, in_wallet(by.user_id), contradictions()) == ("withdrawn", 0, [])


@pytest.mark.parametrize(
    ("phases", "left"), [(("inquiry", "closed"), 1500), (("withdrawn", "reinstated"), 1500), (("withdrawn", "lost"), 0)]
)
def test_the_end_of_a_dispute_is_asked_for_when_nobody_tells_it(provider, drain, clock, phases, left):
    """The provider's webhooks of it never come; the rest of what it says is the truth as always."""
    first, last = phases
    by = somebody()
    _, command = ordered_deposit(by, cedis(15))
    drain()
    charge = GatewayCommand.objects.get(id=command.id).gateway_ref
    dispute = provider.make("/_control/disputes", {"charge": charge, "phase": first})
    disputed(GatewayCommand.objects.get(id=command.id), first, ref=dispute)
    provider.make("/_control/disputes", {"charge": charge, "phase": last, "ref": dispute})
    assert resolve_disputes() == 0
    clock.advance(hours=7)
    assert (resolve_disputes(), resolve_disputes()) == (1, 0)
    assert (Chargeback.objects.get().state, in_wallet(by.user_id)) == (last, left)
    clock.advance(hours=7)
    assert resolve_disputes() == 0


@pytest.mark.domain("payments", transaction=True)
def test_workers_who_ask_about_the_same_disputes_at_once_share_them(provider, clock, race):
    payers = []
    for _ in range(6):
        by = somebody()
        _, command = ordered_deposit(by, cedis(15))
        actions.submit_command(command_id=command.id)
        charge = GatewayCommand.objects.get(id=command.id)
        ref = provider.make("/_control/disputes", {"charge": charge.gateway_ref, "phase": "withdrawn"})
        disputed(charge, ref=ref)
        provider.make("/_control/disputes", {"charge": charge.gateway_ref, "phase": "reinstated", "ref": ref})
        payers.append(by.user_id)
    clock.advance(hours=7)
    assert sum(race(resolve_disputes, 4)) == 6
    assert {*Chargeback.objects.values_list("state", flat=True)} == {"reinstated"}
    assert ([in_wallet(payer) for payer in payers], contradictions()) == ([1500] * 6, [])


def test_a_dispute_that_cannot_be_asked_about_keeps_no_other_from_being_asked_about(provider, drain, clock):
    for _ in range(2):
        _, command = ordered_deposit(somebody(), cedis(15))
        drain()
        charge = GatewayCommand.objects.get(id=command.id)
        ref = provider.make("/_control/disputes", {"charge": charge.gateway_ref, "phase": "withdrawn"})
        disputed(charge, ref=ref)
        provider.make("/_control/disputes", {"charge": charge.gateway_ref, "phase": "reinstated", "ref": ref})
    gone = Chargeback.objects.earliest("opened_at")
    Chargeback.objects.filter(id=gone.id).update(gateway="closed-down")
    clock.advance(hours=7)
    assert resolve_disputes() == 2
    assert list(Chargeback.objects.order_by("opened_at").values_list("state", flat=True)) == ["withdrawn", "reinstated"]
    Chargeback.objects.filter(id=gone.id).update(gateway="sandbox")  # the books name its gateway


def test_whoever_took_everything_out_owes_it_and_their_next_income_pays_it():
    """Row 27: after they withdrew all; other users untouched."""
    bystander, by = rich(cedis(70)), rich(cedis(100))
    emptied(by.user_id, cedis(100))
    disputed(charge_of(by.user_id))
    assert (in_wallet(by.user_id), owed(by.user_id)) == (0, 10000)
    rich(cedis(30), by.user_id)
    assert collect_debts() == 1
    assert (in_wallet(by.user_id), owed(by.user_id)) == (0, 7000)
    rich(cedis(100), by.user_id)
    collect_debts()
    assert (in_wallet(by.user_id), owed(by.user_id), collect_debts()) == (3000, 0, 0)
    assert (in_wallet(bystander.user_id), balance("gw:sandbox:GHS")) == (7000, -10000)


def test_who_earned_the_money_meanwhile_keeps_it():
    """Row 27: the hirer's bank takes back what was paid to a worker; the hirer owes it."""
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    disputed(charge_of(escrow.hirer_id))
    assert (in_wallet(escrow.worker_id), owed(escrow.hirer_id), owed(escrow.worker_id)) == (112500, 125000, 0)


def test_protected_funds_that_come_back_to_a_debtor_pay_the_debt():
    escrow = funded_escrow()
    disputed(charge_of(escrow.hirer_id))
    assert owed(escrow.hirer_id) == 125000
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
    collect_debts()
    assert (in_wallet(escrow.hirer_id), owed(escrow.hirer_id)) == (0, 0)


def test_a_debtor_takes_nothing_out():
    by = rich(cedis(100))
    charge = charge_of(by.user_id)
    emptied(by.user_id, cedis(100))
    disputed(charge)
    rich(cedis(50), by.user_id)
    with pytest.raises(rules.DebtOutstanding) as refused:
        actions.request_payout(by=by, amount=cedis(20), gateway="sandbox", destination="acct_success")
    assert refused.value.data == {"owed": {"amount": 10000, "currency": "GHS"}}
    newest = Deposit.objects.filter(user_id=by.user_id).latest("created_at")
    with pytest.raises(rules.DebtOutstanding):
        refunds.request_refund(by=by, deposit_id=newest.id)
    assert in_wallet(by.user_id) == 5000


def test_a_debt_in_one_currency_keeps_what_is_in_the_others():
    """Money paid in by card, changed, and taken back by the bank does not leave by the other currency."""
    by = rich(cedis(100))
    charge = charge_of(by.user_id)
    emptied(by.user_id, cedis(100))
    disputed(charge)
    dollars = Money(5000, "USD")
    rich(dollars, by.user_id)
    with pytest.raises(rules.DebtOutstanding) as refused:
        actions.request_payout(by=by, amount=dollars, gateway="sandbox", destination="acct_success")
    assert refused.value.data == {"owed": {"amount": 10000, "currency": "GHS"}}
    newest = Deposit.objects.filter(user_id=by.user_id).latest("created_at")
    with pytest.raises(rules.DebtOutstanding):
        refunds.request_refund(by=by, deposit_id=newest.id)


def test_a_dispute_that_was_won_gives_back_what_it_took(published):
    by = rich(cedis(100))
    charge = charge_of(by.user_id)
    for phase in ("withdrawn", "reinstated"):
        disputed(charge, phase)
    assert (in_wallet(by.user_id), owed(by.user_id), balance("gw:sandbox:GHS")) == (10000, 0, -10000)
    assert len(published.of(ChargebackWon)) == 1


def test_a_dispute_that_was_won_pays_the_debt_first_and_the_rest_to_the_wallet():
    by = rich(cedis(100))
    charge = charge_of(by.user_id)
    emptied(by.user_id, cedis(100))
    disputed(charge)
    rich(cedis(30), by.user_id)
    collect_debts()
    disputed(charge, "reinstated")
    assert (in_wallet(by.user_id), owed(by.user_id)) == (3000, 0)


def test_what_was_lost_can_be_won_after_all():
    by = rich(cedis(100))
    for phase in ("withdrawn", "lost", "withdrawn", "reinstated", "lost"):
        disputed(charge_of(by.user_id), phase)
    assert (in_wallet(by.user_id), Chargeback.objects.get().state) == (10000, "reinstated")


@pytest.mark.parametrize("story", list(permutations(["inquiry", "withdrawn", "reinstated"])))
def test_phases_in_any_order_and_repeated_end_the_same(story):
    """Row 18: a late word of an earlier phase changes nothing."""
    by = rich(cedis(100))
    for phase in (*story, *reversed(story), "reinstated"):
        disputed(charge_of(by.user_id), phase)
    assert (in_wallet(by.user_id), owed(by.user_id), Chargeback.objects.get().state) == (10000, 0, "reinstated")


def test_partly_refunded_then_disputed_is_not_refunded_again():
    """Row 24: captured 100, refunded 40, taken back 60: nothing is left."""
    by = rich(cedis(100))
    deposit = Deposit.objects.get()
    refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(40))
    command = GatewayCommand.objects.get(kind="refund")
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    disputed(charge_of(by.user_id), "lost", amount=cedis(60))
    rich(cedis(500), by.user_id)
    with pytest.raises(rules.RefundTooLarge):
        refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(0.01))
    assert (in_wallet(by.user_id), owed(by.user_id)) == (50000, 0)


def test_a_refund_on_its_way_when_the_bank_takes_all_back_and_refused_then_pays_the_debt():
    """Row 24: not deducted twice."""
    by = rich(cedis(100))
    refunds.request_refund(by=by, deposit_id=Deposit.objects.get().id, amount=cedis(40))
    disputed(charge_of(by.user_id))
    assert owed(by.user_id) == 4000
    command = GatewayCommand.objects.get(kind="refund")
    settle_command(command_id=command.id, outcome=Rejected(code="charge_disputed"))
    collect_debts()
    assert (in_wallet(by.user_id), owed(by.user_id), balance("gw:sandbox:GHS")) == (0, 0, 0)


@pytest.mark.domain("payments", transaction=True)
def test_refunds_racing_with_a_chargeback_take_nothing_twice(race):
    """Row 24: three parts and the bank at once, over one payment."""
    by = rich(cedis(100))
    deposit, charge = Deposit.objects.get(), charge_of(by.user_id)
    turns = iter(range(4))

    def act():
        if next(turns) == 0:
            return disputed(charge)
        return refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(40))

    race(act, 4)
    held = sum(refund.amount_minor for refund in queries.refunds_of(deposit.id))
    assert Chargeback.objects.get().state == "withdrawn"
    assert held <= 8000
    assert in_wallet(by.user_id) - owed(by.user_id) == 10000 - 10000 - held


@pytest.mark.domain("payments", transaction=True)
def test_one_dispute_told_sixteen_times_at_once_takes_once(race, published):
    """Row 12, for disputes."""
    by = rich(cedis(100))
    charge = charge_of(by.user_id)
    assert race(lambda: disputed(charge), 16) == [True] * 16
    assert (in_wallet(by.user_id), owed(by.user_id), len(published.of(ChargebackOpened))) == (0, 0, 1)


@pytest.mark.domain("payments", transaction=True)
def test_a_debt_collected_by_many_is_paid_once(race):
    by = rich(cedis(100))
    charge = charge_of(by.user_id)
    emptied(by.user_id, cedis(100))
    disputed(charge)
    rich(cedis(150), by.user_id)
    race(lambda: receivables.collect(user_id=by.user_id, currency="GHS"), 8)
    assert (in_wallet(by.user_id), owed(by.user_id)) == (5000, 0)


def test_what_no_wallet_got_is_taken_from_suspense(provider, drain):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_amount_drift")
    drain()
    command.refresh_from_db()
    disputed(command, amount=Money(1499, "GHS"))
    assert (balance("suspense:sandbox:GHS"), owed(by.user_id), in_wallet(by.user_id)) == (0, 0, 0)
    with pytest.raises(rules.NothingArrived):
        actions.accept_deposit(deposit_id=command.subject_id, ruling=ruling())


def test_what_staff_credited_out_of_suspense_is_taken_from_whom_they_credited(provider, drain):
    by = somebody()
    _, command = ordered_deposit(by, cedis(15), "tok_amount_drift")
    drain()
    command.refresh_from_db()
    actions.dismiss_deposit(deposit_id=command.subject_id, ruling=ruling())
    item = Suspended.objects.get(subject=f"deposit:{command.subject_id}").id
    rich(cedis(1), by.user_id)
    proposal = suspense.propose(item=item, credit_to=by.user_id, ruling=ruling())
    suspense.carry_out(proposal_id=proposal.id, ruling=ruling())
    assert in_wallet(by.user_id) == 1599
    emptied(by.user_id, cedis(10))
    disputed(command, amount=Money(1499, "GHS"))
    assert (balance("suspense:sandbox:GHS"), in_wallet(by.user_id), owed(by.user_id)) == (0, 0, 900)
    disputed(command, "reinstated", amount=Money(1499, "GHS"))
    assert (balance("suspense:sandbox:GHS"), in_wallet(by.user_id), owed(by.user_id)) == (0, 599, 0)


@pytest.mark.parametrize("change", [{"account": "somebody-else"}, {"live": True}])
def test_a_dispute_of_another_account_moves_nothing(change):
    """Row 20."""
    by = rich(cedis(100))
    assert disputed(charge_of(by.user_id), **change)
    assert (in_wallet(by.user_id), Chargeback.objects.count()) == (10000, 0)


def test_a_dispute_of_a_charge_that_is_not_ours_is_not_ours():
    by = rich(cedis(100))
    assert not disputed(charge_of(by.user_id), charge_ref="ch_nothing")


def test_a_debt_that_staff_gives_up_is_the_platforms_loss():
    by = rich(cedis(100))
    charge = charge_of(by.user_id)
    emptied(by.user_id, cedis(100))
    disputed(charge)
    with pytest.raises(rules.ReasonMissing):
        receivables.forgive(user_id=by.user_id, currency="GHS", ruling=ruling(""))
    assert receivables.forgive(user_id=by.user_id, currency="GHS", ruling=ruling("a stolen card")) == cedis(100)
    assert (owed(by.user_id), balance("platform:loss:GHS"), Decision.objects.get().kind) == (
        0,
        -10000,
        "receivable.forgive",
    )


@pytest.mark.breaks_the_books
def test_the_books_check_sees_a_chargeback_whose_state_lies_and_a_debt_of_nobody():
    by = rich(cedis(100))
    charge = charge_of(by.user_id)
    emptied(by.user_id, cedis(100))
    disputed(charge)
    Chargeback.objects.update(state="reinstated")
    Receivable.objects.update(user_id=new_id())
    [found] = contradictions()
    assert {row[1] for row in found.rows} >= {"chargeback reinstated", "owed to a debtor, or by nobody known"}
