"""Money under concurrency: threads with connections of their own, at once."""

from functools import partial

import pytest
from django.db import OperationalError, connections

from domains.payments import actions, rules
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Rejected, Succeeded
from domains.payments.models import Deposit, Escrow, GatewayCommand, LedgerAccount, LedgerTransaction, Payout
from kelmah.db import atomic
from kelmah.errors import DomainError
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import EscrowFunded, EscrowFundingFailed, EscrowReleased, PaymentSucceeded
from tests.payments.factories import (
    FundingFactory,
    cedis,
    facts_of,
    funded_escrow,
    in_wallet,
    move,
    ordered_deposit,
    ordered_payout,
    rich,
    ruling,
    somebody,
    state_of,
)

pytestmark = pytest.mark.domain("payments", transaction=True)


def test_sixteen_releases_of_one_escrow_pay_once(race, published):
    escrow = funded_escrow()
    race(lambda: actions.release_escrow(milestone_id=escrow.milestone_id), 16)
    assert in_wallet(escrow.worker_id) == 112500
    assert len(published.of(EscrowReleased)) == 1


def test_sixteen_postings_under_one_key_are_one_transaction(race):
    wallet, other = rules.available(rich(cedis(100)).user_id, "GHS"), rules.available(new_id(), "GHS")
    ids = race(lambda: move(wallet, other, cedis(10), key="once"), 16)
    assert len(set(ids)) == 1
    assert LedgerAccount.objects.get(key=other).balance == 1000


def test_of_ten_withdrawals_of_thirty_from_a_hundred_exactly_three_succeed(race):
    """Row 9."""
    wallet = rules.available(rich(cedis(100)).user_id, "GHS")
    outcome = race(lambda: move(wallet, rules.suspense("sandbox", "GHS"), cedis(30)), 10)
    assert sum(isinstance(result, int) for result in outcome) == 3
    assert sum(isinstance(result, rules.InsufficientFunds) for result in outcome) == 7
    assert LedgerAccount.objects.get(key=wallet).balance == 1000


def test_of_ten_milestones_funded_at_once_from_money_for_three_exactly_three_are(race, published):
    hirer = rich(cedis(100))
    fundings = [FundingFactory(hirer_id=hirer.user_id, amount=cedis(30)) for _ in range(10)]
    assert race([lambda f=funding: actions.fund_escrow(f) for funding in fundings]) == [None] * 10
    assert (Escrow.objects.count(), in_wallet(hirer.user_id)) == (3, 1000)
    assert (len(published.of(EscrowFunded)), len(published.of(EscrowFundingFailed))) == (3, 7)


def test_release_and_refund_at_once_over_sixty_escrows_are_sixty_outcomes(race):
    escrows = [funded_escrow() for _ in range(60)]
    jobs = []
    for escrow in escrows:
        release = lambda e=escrow: actions.release_escrow(milestone_id=e.milestone_id)  # noqa: E731
        refund = lambda e=escrow: actions.refund_escrow(milestone_id=e.milestone_id, ruling=ruling())  # noqa: E731
        jobs += [release, refund] if len(jobs) % 4 else [refund, release]
    for start in range(0, len(jobs), 12):
        race(jobs[start : start + 12])
    for escrow in escrows:
        outcome = (state_of(escrow), in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id))
        assert outcome in {("released", 112500, 0), ("refunded", 0, 125000)}
        assert LedgerTransaction.objects.filter(idem=f"escrow:{escrow.milestone_id}:settle").count() == 1


def test_three_refunds_and_a_release_at_once_give_back_no_more_than_was_there(race):
    escrow = funded_escrow()
    refund = lambda: actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())  # noqa: E731
    race([refund, refund, lambda: actions.release_escrow(milestone_id=escrow.milestone_id), refund])
    assert (in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)) in {(112500, 0), (0, 125000)}


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
    outcome = Succeeded(facts=facts_of(command))
    assert race(lambda: settle_command(command_id=command.id, outcome=outcome), 8) == [None] * 8
    assert in_wallet(by.user_id) == 10000
    assert len(published.of(PaymentSucceeded)) == 1


def test_two_charges_for_one_deposit_at_once_credit_one_and_suspend_the_other(race):
    by = somebody()
    _, command = ordered_deposit(by, cedis(100))
    outcomes = [Succeeded(facts=facts_of(command, ref=ref)) for ref in ("ch_1", "ch_2")] * 4
    race([lambda o=outcome: settle_command(command_id=command.id, outcome=o) for outcome in outcomes])
    assert in_wallet(by.user_id) == 10000
    assert LedgerAccount.objects.get(key="suspense:sandbox:GHS").balance == 10000


def test_success_and_refusal_at_once_never_credit_without_the_money(race):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(100))
    told = [Succeeded(facts=facts_of(command)), Rejected(code="declined")]
    race([lambda o=outcome: settle_command(command_id=command.id, outcome=o) for outcome in told])
    assert (state_of(deposit), in_wallet(by.user_id)) in {("succeeded", 10000), ("in_review", 0)}


def test_paid_and_refused_at_once_give_a_payout_back_at_most_once(race):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    told = [Succeeded(facts=facts_of(command)), Rejected(code="refused"), Rejected(code="refused")]
    race([lambda o=outcome: settle_command(command_id=command.id, outcome=o) for outcome in told])
    assert (state_of(payout), in_wallet(by.user_id)) in {("paid", 6000), ("failed", 10000)}


def test_a_payout_that_fails_while_the_next_is_requested_does_not_deadlock(race):
    for _ in range(10):
        by = rich(cedis(100))
        _, command = ordered_payout(by, cedis(40))
        outcome = race(
            [
                lambda c=command: settle_command(command_id=c.id, outcome=Rejected(code="refused")),
                lambda by=by: ordered_payout(by, cedis(40)),
            ]
        )
        assert outcome[0] is None
        in_flight = Payout.objects.filter(user_id=by.user_id, state="processing").count()
        assert in_flight == (0 if isinstance(outcome[1], rules.PayoutInFlight) else 1)
        assert in_wallet(by.user_id) == 10000 - 4000 * in_flight


def test_two_staff_members_credit_a_reviewed_deposit_once(race):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(100))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, amount=cedis(99))))
    race(lambda: actions.accept_deposit(deposit_id=deposit.id, ruling=ruling()), 4)
    assert in_wallet(by.user_id) == 9900


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
    source, wallet = rules.gateway("sandbox", "GHS"), rules.available(new_id(), "GHS")
    assert all(isinstance(txn, int) for txn in race(lambda: move(source, wallet, cedis(1)), 8))
    assert LedgerAccount.objects.get(key=wallet).balance == 800


def test_first_use_of_the_same_accounts_in_opposite_order_does_not_deadlock(race):
    for _ in range(10):
        one, other = rules.gateway(f"g{new_id().hex}", "GHS"), rules.suspense(f"g{new_id().hex}", "GHS")
        there, back = partial(move, one, other, cedis(1)), partial(move, other, one, cedis(1))
        outcome = race([there, back] * 4)
        assert all(isinstance(txn, int) for txn in outcome), outcome


def test_twelve_hundred_opposite_transfers_over_one_fee_account_never_deadlock(race):
    one, other = (rules.available(rich(cedis(10_000)).user_id, "GHS") for _ in range(2))
    fee = rules.fee_shard("GHS", "the same for all")

    def transfers(source: str, target: str):
        def run() -> None:
            for _ in range(150):
                with atomic("payments"):
                    lines = [Line(source, -cedis(2)), Line(target, cedis(1)), Line(fee, cedis(1))]
                    post(key=f"test:{new_id()}", kind="test", lines=lines, reference={})

        return run

    assert race([transfers(one, other), transfers(other, one)] * 4) == [None] * 8
    assert LedgerAccount.objects.get(key=fee).balance == 1200 * 100


def test_under_repeatable_read_callers_who_retry_post_once(race):
    wallet, other = rules.available(rich(cedis(100)).user_id, "GHS"), rules.available(new_id(), "GHS")

    def stubborn() -> int:
        for _ in range(20):
            try:
                with atomic("payments"):
                    with connections["payments"].cursor() as cursor:
                        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                        cursor.execute("SELECT count(*) FROM payments_ledgeraccount")  # the snapshot is taken here
                    lines = [Line(wallet, -cedis(10)), Line(other, cedis(10))]
                    return post(key="once", kind="test", lines=lines, reference={})
            except OperationalError as error:
                if error.__cause__.sqlstate != "40001":
                    raise
        raise AssertionError("never got through")

    assert len(set(race(stubborn, 8))) == 1
    assert LedgerAccount.objects.get(key=other).balance == 1000


def test_two_janitors_at_once_share_the_work(race, nobody_there):
    for _ in range(4):
        ordered_deposit(somebody(), cedis(15))
    looked_at = race(actions.resolve_commands, 4)
    assert sum(looked_at) == 4
    assert set(Deposit.objects.values_list("state", flat=True)) == {"processing"}
    assert set(GatewayCommand.objects.values_list("state", "attempts")) == {("unknown", 2)}
