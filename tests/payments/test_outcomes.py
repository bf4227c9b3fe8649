"""What gateways say, in any order and any number of times: the books end the same."""

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.payments import actions, rules
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Pending, Rejected, Returned, Succeeded, Unknown
from kelmah.interfaces.payments.events import PaymentFailed, PaymentSucceeded, PayoutFailed
from tests.payments.factories import (
    balance,
    cedis,
    facts_of,
    in_wallet,
    ordered_deposit,
    ordered_payout,
    rich,
    ruling,
    somebody,
    state_of,
)

pytestmark = pytest.mark.domain("payments")
PATIENT = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)


@PATIENT
@given(
    st.lists(st.sampled_from(["pending", "unknown", "succeeded"]), max_size=6).map(lambda them: [*them, "succeeded"])
)
def test_a_charge_told_in_any_order_is_credited_once(transactional_rollback, story):
    with transactional_rollback():
        by = somebody()
        deposit, command = ordered_deposit(by, cedis(15))
        told = {
            "pending": Pending(facts=facts_of(command)),
            "unknown": Unknown(reason="ReadTimeout"),
            "succeeded": Succeeded(facts=facts_of(command)),
        }
        for word in story:
            settle_command(command_id=command.id, outcome=told[word])
        assert (state_of(deposit), in_wallet(by.user_id), balance("gw:sandbox:GHS")) == ("succeeded", 1500, -1500)


@pytest.mark.parametrize("order", list(permutations(["pending", "paid", "returned", "unknown"])))
def test_a_payout_that_came_back_is_back_once_in_whatever_order_it_is_told(order):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    facts = facts_of(command)
    told = {
        "pending": Pending(facts=facts),
        "paid": Succeeded(facts=facts),
        "returned": Returned(facts=facts, code="account_closed"),
        "unknown": Unknown(reason="ReadTimeout"),
    }
    for word in (*order, *reversed(order)):
        settle_command(command_id=command.id, outcome=told[word])
    assert (state_of(payout), in_wallet(by.user_id), balance("gw:sandbox:GHS")) == ("returned", 10000, -10000)


def test_a_payout_returned_days_later_reverses_the_payment(published):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    assert (state_of(payout), in_wallet(by.user_id)) == ("paid", 6000)
    for _ in range(2):
        settle_command(command_id=command.id, outcome=Returned(facts=facts_of(command), code="account_closed"))
    assert (state_of(payout), in_wallet(by.user_id)) == ("returned", 10000)
    assert [event.reason for event in published.of(PayoutFailed)] == ["account_closed"]


def test_after_its_return_a_payout_may_be_ordered_again():
    by = rich(cedis(100))
    _, first = ordered_payout(by, cedis(100))
    settle_command(command_id=first.id, outcome=Succeeded(facts=facts_of(first)))
    settle_command(command_id=first.id, outcome=Returned(facts=facts_of(first), code="account_closed"))
    second, _ = ordered_payout(by, cedis(100))
    assert (state_of(second), in_wallet(by.user_id)) == ("processing", 0)


def test_a_refused_payout_that_returns_as_well_comes_back_once():
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    settle_command(command_id=command.id, outcome=Rejected(code="refused", facts=facts_of(command)))
    settle_command(command_id=command.id, outcome=Returned(facts=facts_of(command), code="account_closed"))
    assert (state_of(payout), in_wallet(by.user_id)) == ("failed", 10000)


def test_a_second_charge_for_one_deposit_goes_to_suspense_and_not_to_the_wallet():
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    for _ in range(3):
        settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, ref="ch_second")))
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)
    assert (balance("suspense:sandbox:GHS"), balance("gw:sandbox:GHS")) == (1500, -3000)


def test_a_charge_that_succeeds_after_its_refusal_is_reviewed_and_can_be_credited(published):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    settle_command(command_id=command.id, outcome=Rejected(code="refused", facts=facts_of(command)))
    for _ in range(2):
        settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    assert (state_of(deposit), in_wallet(by.user_id), balance("suspense:sandbox:GHS")) == ("in_review", 0, 1500)
    actions.accept_deposit(deposit_id=deposit.id, ruling=ruling())
    assert (state_of(deposit), in_wallet(by.user_id), balance("suspense:sandbox:GHS")) == ("succeeded", 1500, 0)
    assert (len(published.of(PaymentFailed)), len(published.of(PaymentSucceeded))) == (1, 1)


def test_what_staff_dismissed_is_not_opened_again_by_a_repeated_webhook():
    deposit, command = ordered_deposit(somebody(), cedis(15))
    settle_command(command_id=command.id, outcome=Rejected(code="refused", facts=facts_of(command)))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    actions.dismiss_deposit(deposit_id=deposit.id, ruling=ruling())
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    assert (state_of(deposit), balance("suspense:sandbox:GHS")) == ("failed", 1500)


def test_a_payout_that_is_paid_though_it_was_refused_is_a_loss_in_suspense_and_not_the_workers():
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    settle_command(command_id=command.id, outcome=Rejected(code="refused", facts=facts_of(command)))
    for _ in range(2):
        settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    assert (state_of(payout), in_wallet(by.user_id), balance("suspense:sandbox:GHS")) == ("failed", 10000, -4000)


def test_a_refusal_after_success_changes_nothing():
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    settle_command(command_id=command.id, outcome=Rejected(code="refused", facts=facts_of(command)))
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)


def test_a_payout_from_somebody_elses_account_is_not_taken_for_a_return():
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    returned = Returned(facts=facts_of(command, account="somebody-else"), code="account_closed")
    settle_command(command_id=command.id, outcome=returned)
    assert (state_of(payout), in_wallet(by.user_id)) == ("processing", 6000)
    assert balance(rules.payout_hold(payout.id)) == 4000
