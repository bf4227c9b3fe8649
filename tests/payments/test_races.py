"""Money under concurrency: threads with connections of their own, at once."""

import pytest

from domains.payments import actions, rules
from domains.payments.actions.commands import settle_command
from domains.payments.actions.ledger import Line, post
from domains.payments.gateways import Rejected, Succeeded
from domains.payments.models import Deposit, Escrow, LedgerAccount, LedgerTransaction, Payout
from kelmah.errors import DomainError
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import EscrowFunded, EscrowReleased, PaymentSucceeded
from tests.payments.factories import FundingFactory, cedis, funded_escrow, in_wallet, ordered_deposit, rich, somebody

pytestmark = pytest.mark.domain("payments", transaction=True)


def test_sixteen_releases_of_one_escrow_pay_once(race, published):
    escrow = funded_escrow()
    race(lambda: actions.release_escrow(milestone_id=escrow.milestone_id), 16)
    assert in_wallet(escrow.worker_id) == 112500
    assert len(published.of(EscrowReleased)) == 1


def test_sixteen_postings_under_one_key_are_one_transaction(race):
    wallet, other = rules.available(rich(cedis(100)).user_id, "GHS"), rules.available(new_id(), "GHS")
    lines = [Line(wallet, -cedis(10)), Line(other, cedis(10))]
    ids = race(lambda: post(key="once", kind="test", lines=lines, reference={}), 16)
    assert len(set(ids)) == 1
    assert LedgerAccount.objects.get(key=other).balance == 1000


def test_of_ten_withdrawals_of_thirty_from_a_hundred_exactly_three_succeed(race):
    wallet = rules.available(rich(cedis(100)).user_id, "GHS")

    def withdraw():
        key = f"test:{new_id()}"
        lines = [Line(wallet, -cedis(30)), Line(rules.suspense("sandbox", "GHS"), cedis(30))]
        return post(key=key, kind="test", lines=lines, reference={})

    outcome = race(withdraw, 10)
    assert sum(isinstance(result, int) for result in outcome) == 3
    assert sum(isinstance(result, rules.InsufficientFunds) for result in outcome) == 7


def test_release_and_refund_at_once_have_one_outcome(race):
    for _ in range(10):
        escrow = funded_escrow()
        race(
            [
                lambda e=escrow: actions.release_escrow(milestone_id=e.milestone_id),
                lambda e=escrow: actions.refund_escrow(milestone_id=e.milestone_id),
            ]
        )
        worker, hirer = in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)
        assert (worker, hirer) in {(112500, 0), (0, 125000)}
        assert LedgerTransaction.objects.filter(idem=f"escrow:{escrow.milestone_id}:settle").count() == 1


def test_two_milestones_funded_at_once_from_money_for_one(race, published):
    hirer = rich(cedis(1250))
    fundings = [FundingFactory(hirer_id=hirer.user_id) for _ in range(2)]
    race([lambda f=funding: actions.fund_escrow(f) for funding in fundings])
    assert Escrow.objects.count() == 1
    assert len(published.of(EscrowFunded)) == 1
    assert in_wallet(hirer.user_id) == 0


def test_the_same_success_from_answer_webhook_and_janitor_credits_once(race, published):
    by = somebody()
    _, command = ordered_deposit(by, cedis(100))
    outcome = Succeeded(ref="ch_1", amount=cedis(100))
    race(lambda: settle_command(command_id=command.id, outcome=outcome), 8)
    assert in_wallet(by.user_id) == 10000
    assert len(published.of(PaymentSucceeded)) == 1


def test_success_and_refusal_at_once_have_one_outcome(race):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(100))
    race(
        [
            lambda: settle_command(command_id=command.id, outcome=Succeeded(ref="ch_1", amount=cedis(100))),
            lambda: settle_command(command_id=command.id, outcome=Rejected(code="declined")),
        ]
    )
    state = Deposit.objects.get(id=deposit.id).state
    assert (state, in_wallet(by.user_id)) in {("succeeded", 10000), ("failed", 0)}


def test_two_payouts_at_once_are_one_in_flight(race):
    by = rich(cedis(100))
    outcome = race(
        lambda: actions.request_payout(by=by, amount=cedis(40), gateway="sandbox", destination="acct_success"), 4
    )
    assert sum(isinstance(result, rules.PayoutInFlight) for result in outcome) == 3
    assert Payout.objects.count() == 1
    assert in_wallet(by.user_id) == 6000


def test_two_payouts_of_everything_never_leave_a_debt(race):
    by = rich(cedis(100))
    outcome = race(
        lambda: actions.request_payout(by=by, amount=cedis(100), gateway="sandbox", destination="acct_success"), 2
    )
    assert sum(isinstance(result, DomainError) for result in outcome) == 1
    assert in_wallet(by.user_id) == 0


def test_first_use_of_a_wallet_by_eight_at_once_makes_one_account(race):
    source = rules.gateway("sandbox", "GHS")
    wallet = rules.available(new_id(), "GHS")

    def pay_in():
        return post(
            key=f"test:{new_id()}",
            kind="test",
            lines=[Line(source, -cedis(1)), Line(wallet, cedis(1))],
            reference={},
        )

    race(pay_in, 8)
    assert LedgerAccount.objects.get(key=wallet).balance == 800


def test_opposite_transfers_never_deadlock(race):
    one, other = (rules.available(rich(cedis(1000)).user_id, "GHS") for _ in range(2))

    def transfer(source, target):
        def run():
            for _ in range(40):
                fee = rules.fee_shard("GHS", "same")
                lines = [Line(source, -cedis(2)), Line(target, cedis(1)), Line(fee, cedis(1))]
                post(key=f"test:{new_id()}", kind="test", lines=lines, reference={})

        return run

    outcome = race([transfer(one, other), transfer(other, one)] * 2)
    assert outcome == [None] * 4
