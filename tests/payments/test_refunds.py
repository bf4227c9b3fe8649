"""Deposits that go back: whole, in parts, racing, refused, coming back, and made behind our back."""

import time

import pytest

from domains.payments import actions, rules
from domains.payments.actions import refunds
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Rejected, Returned, Succeeded, Unknown
from domains.payments.models import BooksCheck, Decision, Deposit, GatewayCommand, Refund
from domains.payments.queries import refunds as queries
from domains.payments.queries.invariants import contradictions
from domains.payments.tasks import resolve_commands
from kelmah import clock as kelmah_clock
from kelmah.errors import InvalidTransition, NotFound
from kelmah.interfaces.payments.events import RefundCompleted, RefundFailed
from kelmah.money import Money
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
    state_of,
)
from tests.payments.owner import refusal_of
from tests.payments.provider import DELAY

pytestmark = pytest.mark.domain("payments")


def paid_in(amount: Money, token: str = "tok_success"):
    """Somebody, their deposit and its charge, credited."""
    by = somebody()
    deposit, command = ordered_deposit(by, amount, token)
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    return by, Deposit.objects.get(id=deposit.id)


def ordered(by, deposit, amount: Money | None = None) -> tuple[Refund, GatewayCommand]:
    refund = refunds.request_refund(by=by, deposit_id=deposit.id, amount=amount)
    return refund, GatewayCommand.objects.get(kind="refund", subject_id=refund.id)


# Who gets what back


def test_a_deposit_goes_back_whole_through_the_provider(provider, drain, published):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15))
    drain()
    refund, command = ordered(by, deposit)
    assert (in_wallet(by.user_id), balance(f"refund:{refund.id}")) == (0, 1500)
    drain()
    assert (state_of(refund), balance(f"refund:{refund.id}"), balance("gw:sandbox:GHS")) == ("succeeded", 0, 0)
    assert command.of == GatewayCommand.objects.get(kind="charge").gateway_ref
    assert [event.amount for event in published.of(RefundCompleted)] == [cedis(15)]


def test_parts_go_back_and_never_more_than_was_paid(published):
    """Row 24."""
    by, deposit = paid_in(cedis(100))
    for part in (40, 40):
        _, command = ordered(by, deposit, cedis(part))
        settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    rich(cedis(500), by.user_id)
    with pytest.raises(rules.RefundTooLarge) as refused:
        refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(20.01))
    assert refused.value.data == {"refundable": {"amount": 2000, "currency": "GHS"}}
    last, _ = ordered(by, deposit)
    assert (last.amount, in_wallet(by.user_id)) == (cedis(20), 50000)


def test_what_is_spent_can_not_be_refunded():
    escrow = funded_escrow()
    deposit = Deposit.objects.get(user_id=escrow.hirer_id)
    with pytest.raises(rules.InsufficientFunds):
        refunds.request_refund(by=somebody(escrow.hirer_id), deposit_id=deposit.id)
    assert not Refund.objects.exists()


def test_a_deposit_of_another_does_not_exist():
    _, deposit = paid_in(cedis(10))
    with pytest.raises(NotFound):
        refunds.request_refund(by=somebody(), deposit_id=deposit.id)


def test_a_deposit_that_has_not_arrived_has_nothing_to_give_back():
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(10))
    with pytest.raises(rules.RefundTooLarge):
        refunds.request_refund(by=by, deposit_id=deposit.id)


def test_a_refund_in_another_currency_is_refused():
    by, deposit = paid_in(cedis(10))
    with pytest.raises(rules.RefundTooLarge):
        refunds.request_refund(by=by, deposit_id=deposit.id, amount=Money(100, "USD"))


def test_while_the_books_are_red_nothing_goes_back(provider, drain, clock):
    by, deposit = paid_in(cedis(10))
    refund, command = ordered(by, deposit, cedis(5))
    BooksCheck.objects.create(at=kelmah_clock.now(), broken=["something"])
    with pytest.raises(rules.PayoutsFrozen):
        refunds.request_refund(by=by, deposit_id=deposit.id)
    drain()
    assert (state_of(refund), state_of(command)) == ("processing", "new")


def test_staff_refunds_with_a_reason_that_is_kept():
    by, deposit = paid_in(cedis(10))
    with pytest.raises(rules.ReasonMissing):
        refunds.refund_deposit(deposit_id=deposit.id, ruling=ruling(" "))
    assert in_wallet(by.user_id) == 1000
    refunds.refund_deposit(deposit_id=deposit.id, amount=cedis(4), ruling=ruling("paid twice by mistake"))
    assert (in_wallet(by.user_id), Decision.objects.get().kind) == (600, "deposit.refund")


# What the gateway says


def test_a_refused_refund_comes_back_to_the_wallet(published):
    by, deposit = paid_in(cedis(10))
    refund, command = ordered(by, deposit)
    settle_command(command_id=command.id, outcome=Rejected(code="card_closed"))
    assert (state_of(refund), in_wallet(by.user_id)) == ("failed", 1000)
    assert [event.reason for event in published.of(RefundFailed)] == ["card_closed"]
    again, _ = ordered(by, deposit)
    assert again.amount == cedis(10)


def test_a_refund_that_timed_out_is_held_and_found_by_the_janitor(provider, impatient, drain, clock):
    """Row 17, for refunds."""
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), "tok_refund_times_out")
    drain()
    refund, command = ordered(by, deposit)
    drain()
    assert (state_of(command), state_of(refund), balance(f"refund:{refund.id}")) == ("unknown", "processing", 1500)
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(refund), balance("gw:sandbox:GHS")) == ("succeeded", 0)


def test_a_refund_that_comes_back_days_later_is_in_the_wallet_again_once(provider, drain, clock):
    """Row 25, for refunds."""
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), "tok_refund_comes_back")
    drain()
    refund, command = ordered(by, deposit)
    drain()
    time.sleep(DELAY * 2)
    outcome = Returned(facts=facts_of(GatewayCommand.objects.get(id=command.id), ref=_ref(command)), code="gone")
    for _ in range(2):
        settle_command(command_id=command.id, outcome=outcome)
    assert (state_of(refund), in_wallet(by.user_id), balance("gw:sandbox:GHS")) == ("returned", 1500, -1500)


def _ref(command: GatewayCommand) -> str:
    return GatewayCommand.objects.get(id=command.id).gateway_ref


@pytest.mark.parametrize("first", ["succeeded", "returned", "unknown"])
def test_a_refund_that_came_back_is_back_once_in_whatever_order_it_is_told(first):
    by, deposit = paid_in(cedis(100))
    refund, command = ordered(by, deposit, cedis(40))
    facts = facts_of(command)
    told = {
        "succeeded": Succeeded(facts=facts),
        "returned": Returned(facts=facts, code="account_closed"),
        "unknown": Unknown(reason="ReadTimeout"),
    }
    for word in (first, *told, *reversed(told)):
        settle_command(command_id=command.id, outcome=told[word])
    assert (state_of(refund), in_wallet(by.user_id), balance("gw:sandbox:GHS")) == ("returned", 10000, -10000)


def test_a_refund_of_another_amount_than_ordered_is_looked_at_by_staff(published):
    """Row 20, for refunds."""
    by, deposit = paid_in(cedis(100))
    refund, command = ordered(by, deposit, cedis(40))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, amount=cedis(39))))
    assert (state_of(refund), balance("suspense:sandbox:GHS"), published.of(RefundCompleted)) == ("in_review", 100, [])
    refunds.accept_refund(refund_id=refund.id, ruling=ruling())
    assert (state_of(refund), len(published.of(RefundCompleted))) == ("succeeded", 1)
    with pytest.raises(InvalidTransition):
        refunds.accept_refund(refund_id=refund.id, ruling=ruling())


@pytest.mark.parametrize("accepted", [False, True])
def test_a_refund_that_differed_and_came_back_is_undone_whole(published, accepted):
    by, deposit = paid_in(cedis(100))
    refund, command = ordered(by, deposit, cedis(40))
    less = facts_of(command, amount=cedis(39))
    settle_command(command_id=command.id, outcome=Succeeded(facts=less))
    if accepted:
        refunds.accept_refund(refund_id=refund.id, ruling=ruling())
    for _ in range(2):
        settle_command(command_id=command.id, outcome=Returned(facts=less, code="account_closed"))
    assert (state_of(refund), in_wallet(by.user_id), len(published.of(RefundFailed))) == ("returned", 10000, 1)
    assert (balance("suspense:sandbox:GHS"), balance("gw:sandbox:GHS")) == (0, -10000)


def test_a_refund_that_was_done_after_all_though_refused_is_a_loss_in_suspense_once():
    by, deposit = paid_in(cedis(10))
    _, command = ordered(by, deposit)
    settle_command(command_id=command.id, outcome=Rejected(code="declined"))
    for _ in range(2):
        settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    assert (in_wallet(by.user_id), balance("suspense:sandbox:GHS"), balance("gw:sandbox:GHS")) == (1000, -1000, 0)


# What no wallet got


def test_a_deposit_that_differed_is_sent_back_from_suspense(provider, drain):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_amount_drift")
    drain()
    ref = GatewayCommand.objects.get(id=command.id).gateway_ref
    actions.dismiss_deposit(deposit_id=deposit.id, ruling=ruling())
    refund = refunds.send_back(gateway="sandbox", charge_ref=ref, ruling=ruling("it is not what they agreed to"))
    drain()
    assert (refund.amount, state_of(refund), balance("suspense:sandbox:GHS")) == (Money(1499, "GHS"), "succeeded", 0)
    with pytest.raises(rules.RefundTooLarge):
        refunds.send_back(gateway="sandbox", charge_ref=ref, ruling=ruling())


def test_what_was_sent_back_can_not_be_credited_as_well(provider, drain):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_amount_drift")
    drain()
    ref = GatewayCommand.objects.get(id=command.id).gateway_ref
    refunds.send_back(gateway="sandbox", charge_ref=ref, ruling=ruling())
    with pytest.raises(rules.NothingArrived):
        actions.accept_deposit(deposit_id=deposit.id, ruling=ruling())
    assert in_wallet(by.user_id) == 0


def test_what_was_credited_is_not_sent_back_from_suspense(provider, drain):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_amount_drift")
    drain()
    actions.accept_deposit(deposit_id=deposit.id, ruling=ruling())
    ref = GatewayCommand.objects.get(id=command.id).gateway_ref
    with pytest.raises(NotFound):
        refunds.send_back(gateway="sandbox", charge_ref=ref, ruling=ruling())
    refund, _ = ordered(by, deposit)
    assert (refund.amount.minor, refund.source, in_wallet(by.user_id)) == (1499, "wallet", 0)


def test_a_charge_that_nobody_knows_can_not_be_sent_back():
    with pytest.raises(NotFound):
        refunds.send_back(gateway="sandbox", charge_ref="ch_nothing", ruling=ruling())


# At once


@pytest.mark.domain("payments", transaction=True)
def test_three_refunds_at_once_never_exceed_the_charge(race):
    """Row 24: parts of 40 of a charge of 100, from a wallet with much more."""
    by, deposit = paid_in(cedis(100))
    rich(cedis(1000), by.user_id)
    results = race(lambda: refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(40)), 3)
    made = [result for result in results if isinstance(result, Refund)]
    refused = [result for result in results if isinstance(result, rules.RefundTooLarge)]
    assert (len(made), len(refused), in_wallet(by.user_id)) == (2, 1, 102000)
    [charge] = GatewayCommand.objects.filter(kind="charge", subject_id=deposit.id)
    booked = queries.charge_named(gateway="sandbox", ref=charge.gateway_ref)
    assert booked is not None
    assert queries.refundable(booked) == cedis(20)


@pytest.mark.domain("payments", transaction=True)
def test_sixteen_workers_settling_one_refund_settle_it_once(race, published):
    by, deposit = paid_in(cedis(100))
    refund, command = ordered(by, deposit, cedis(40))
    outcome = Succeeded(facts=facts_of(command))
    assert race(lambda: settle_command(command_id=command.id, outcome=outcome), 16) == [None] * 16
    assert (state_of(refund), len(published.of(RefundCompleted)), balance("gw:sandbox:GHS")) == ("succeeded", 1, -6000)


# The database


def test_the_database_lets_nobody_give_a_refund_credit():
    statement = "INSERT INTO payments_ledgeraccount (key, currency, floor) VALUES ('refund:x', 'GHS', -100)"
    assert refusal_of(statement) == "23514"


@pytest.mark.breaks_the_books
def test_the_books_check_sees_a_refund_whose_state_lies():
    by, deposit = paid_in(cedis(10))
    refund, _ = ordered(by, deposit)
    Refund.objects.filter(id=refund.id).update(state="succeeded", settled_at=kelmah_clock.now())
    [found] = contradictions()
    assert {row[1] for row in found.rows} >= {"refund hold", "refund settled"}
