"""Orders to a provider that refuses, stalls, repeats itself and lies: a process of its own, over real HTTP."""

import time

import pytest

from domains.payments import actions, rules
from domains.payments.models import Decision, Deposit, Escrow, GatewayCommand, LedgerAccount, LedgerTransaction, Payout
from domains.payments.tasks import resolve_commands
from kelmah.interfaces.payments.events import PaymentFailed, PaymentSucceeded, PayoutFailed, PayoutPaid
from tests.payments.factories import (
    balance,
    cedis,
    funded_escrow,
    in_wallet,
    ordered_deposit,
    ordered_payout,
    rich,
    ruling,
    somebody,
    state_of,
)
from tests.payments.provider import DELAY

pytestmark = pytest.mark.domain("payments")


@pytest.fixture
def later(clock):
    """Our clock goes on, and the janitor comes by."""

    def janitor(**time) -> int:
        clock.advance(**(time or {"minutes": 1}))
        return resolve_commands()

    return janitor


# Deposits


def test_a_good_card_is_credited_once_it_is_charged(provider, published, drain):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    assert (in_wallet(by.user_id), provider.charges(command.id)) == (0, [])
    drain()
    [charge] = provider.charges(command.id)
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)
    assert LedgerTransaction.objects.filter(idem=f"sandbox:{charge['id']}:succeeded").exists()
    assert [event.amount for event in published.of(PaymentSucceeded)] == [cedis(15)]


def test_a_declined_card_is_told_and_credits_nothing(provider, published, drain):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), "tok_decline")
    drain()
    assert (state_of(deposit), in_wallet(by.user_id)) == ("failed", 0)
    assert [event.reason for event in published.of(PaymentFailed)] == ["refused_by_issuer"]


def test_an_order_that_the_provider_does_not_understand_is_refused_for_good(provider, drain):
    deposit, _ = ordered_deposit(somebody(), cedis(15), "tok_no_such_thing")
    drain()
    assert state_of(deposit) == "failed"


def test_a_charge_that_timed_out_is_unknown_then_found_and_never_charged_again(provider, impatient, drain, later):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_timeout_charged")
    drain()
    assert (state_of(command), state_of(deposit), in_wallet(by.user_id)) == ("unknown", "processing", 0)
    assert later() == 1
    assert (state_of(deposit), in_wallet(by.user_id), len(provider.charges(command.id))) == ("succeeded", 1500, 1)


def test_a_charge_that_got_lost_on_the_way_is_sent_again_under_the_same_key(provider, impatient, drain, later):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_timeout_lost")
    drain()
    assert (state_of(command), provider.charges(command.id)) == ("unknown", [])
    later()
    assert (state_of(deposit), in_wallet(by.user_id), len(provider.charges(command.id))) == ("succeeded", 1500, 1)


def test_a_500_that_the_provider_repeats_for_a_day_is_no_answer_so_it_is_asked(provider, drain, later):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_error_charged")
    drain()
    assert (state_of(command), state_of(deposit)) == ("unknown", "processing")
    actions.submit_command(command_id=command.id)  # the same key gets the same 500
    assert state_of(command) == "unknown"
    later()
    assert (in_wallet(by.user_id), len(provider.charges(command.id))) == (1500, 1)


def test_a_provider_that_is_down_is_asked_again_under_the_same_key(nobody_there, request, drain, later):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    drain()
    assert (state_of(command), state_of(deposit)) == ("unknown", "processing")
    provider = request.getfixturevalue("provider")
    later()
    assert len(provider.charges(command.id)) == 1
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)


@pytest.mark.parametrize(("token", "end"), [("tok_pending", "succeeded"), ("tok_pending_decline", "failed")])
def test_what_is_pending_is_polled_until_it_is_decided(provider, drain, later, token, end):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), token)
    drain()
    assert state_of(command) == "pending"
    later()
    time.sleep(DELAY * 2)  # the provider decides by its own clock
    later()
    assert (state_of(deposit), in_wallet(by.user_id)) == (end, 1500 if end == "succeeded" else 0)


def test_what_was_unknown_may_turn_out_to_be_pending(provider, nobody_there, settings, drain, later):
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"
    deposit, command = ordered_deposit(somebody(), cedis(15), "tok_pending_forever")
    drain()
    assert state_of(command) == "unknown"
    settings.SANDBOX_GATEWAY_URL = provider.url
    provider.charge(command.id, amount=1500, token="tok_pending_forever")
    later()
    assert (state_of(command), state_of(deposit)) == ("pending", "processing")


@pytest.mark.parametrize(
    ("token", "suspended"),
    [
        ("tok_amount_drift", {"suspense:sandbox:GHS": 1499}),
        ("tok_currency_drift", {"suspense:sandbox:USD": 1500}),
        ("tok_other_account", {}),
        ("tok_live_mode", {}),
    ],
)
def test_what_differs_from_the_order_is_credited_to_nobody(provider, drain, token, suspended):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), token)
    drain()
    assert (state_of(deposit), in_wallet(by.user_id), in_wallet(by.user_id, "USD")) == ("in_review", 0, 0)
    assert dict(LedgerAccount.objects.filter(key__startswith="suspense").values_list("key", "balance")) == suspended


def test_staff_may_credit_what_really_arrived(provider, drain, published):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), "tok_amount_drift")
    drain()
    with pytest.raises(rules.ReasonMissing):
        actions.accept_deposit(deposit_id=deposit.id, ruling=ruling(" "))
    actions.accept_deposit(deposit_id=deposit.id, ruling=ruling("the bank kept one pesewa"))
    assert (state_of(deposit), in_wallet(by.user_id), balance("suspense:sandbox:GHS")) == ("succeeded", 1499, 0)
    assert [event.amount.minor for event in published.of(PaymentSucceeded)] == [1499]
    assert Decision.objects.get().reason == "the bank kept one pesewa"


def test_staff_cannot_credit_what_never_arrived_but_may_dismiss_it(provider, drain):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), "tok_other_account")
    drain()
    with pytest.raises(rules.NothingArrived):
        actions.accept_deposit(deposit_id=deposit.id, ruling=ruling())
    actions.dismiss_deposit(deposit_id=deposit.id, ruling=ruling())
    assert (state_of(deposit), in_wallet(by.user_id)) == ("failed", 0)


# Senders that die, and keys that are forgotten


def test_a_worker_that_died_before_the_call_is_replaced(provider, clock, later):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    GatewayCommand.objects.update(state="sent", attempts=1, sent_at=clock.now())
    later()
    assert (state_of(deposit), in_wallet(by.user_id), len(provider.charges(command.id))) == ("succeeded", 1500, 1)


def test_a_second_worker_does_not_send_what_another_is_sending(provider, clock):
    _, command = ordered_deposit(somebody(), cedis(15))
    GatewayCommand.objects.update(state="sent", attempts=1, sent_at=clock.now())
    actions.submit_command(command_id=command.id)
    assert provider.charges(command.id) == []


def test_an_order_whose_key_may_be_forgotten_is_asked_about_and_never_sent_again(
    provider, settings, nobody_there, drain, later
):
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    drain()
    settings.SANDBOX_GATEWAY_URL = provider.url
    later(hours=25)
    actions.submit_command(command_id=command.id)
    assert (state_of(command), state_of(payout), provider.payouts(command.id)) == ("unknown", "processing", [])
    assert in_wallet(by.user_id) == 6000


def test_a_key_can_be_forgotten_only_from_its_first_sending_on(provider, settings, nobody_there, later):
    """Orders may wait for days before: payouts do while the books are red."""
    by = rich(cedis(100))
    _, command = ordered_payout(by, cedis(40))
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"
    later(hours=25)
    settings.SANDBOX_GATEWAY_URL = provider.url
    later()
    assert (state_of(command), len(provider.payouts(command.id))) == ("succeeded", 1)


def test_staff_who_asks_about_an_order_that_was_never_sent_has_it_sent(provider, clock):
    """It waited for days, so nobody remembers it: asked about instead, it could never be sent any more."""
    _, command = ordered_payout(rich(cedis(100)), cedis(40))
    clock.advance(hours=25)
    actions.follow_command(command_id=command.id)
    assert (state_of(command), len(provider.payouts(command.id))) == ("succeeded", 1)


def test_staff_gives_up_only_what_the_provider_denies_once_its_key_is_forgotten(
    provider, settings, nobody_there, drain, later, published
):
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    drain()
    with pytest.raises(rules.StillUncertain):  # it can't be asked
        actions.give_up_command(command_id=command.id, ruling=ruling())
    settings.SANDBOX_GATEWAY_URL = provider.url
    with pytest.raises(rules.StillUncertain):  # it may be sent again
        actions.give_up_command(command_id=command.id, ruling=ruling())
    later(hours=25)
    actions.give_up_command(command_id=command.id, ruling=ruling())
    assert (state_of(command), state_of(payout), in_wallet(by.user_id)) == ("rejected", "failed", 10000)
    assert [event.reason for event in published.of(PayoutFailed)] == ["never_arrived"]


def test_one_bad_order_does_not_stop_the_janitor(provider, drain, later, settings):
    settings.SANDBOX_GATEWAY_URL = "http://127.0.0.1:9"
    _, bad = ordered_deposit(somebody(), cedis(15))
    _, good = ordered_deposit(somebody(), cedis(15))
    drain()
    GatewayCommand.objects.filter(id=bad.id).update(gateway="closed-down")
    settings.SANDBOX_GATEWAY_URL = provider.url
    assert later() == 2
    assert (state_of(bad), state_of(good)) == ("unknown", "succeeded")
    bad.refresh_from_db()
    assert "GatewayNotOffered" in bad.last_error
    assert later(seconds=1) == 0


# Payouts


def test_a_payout_leaves_the_wallet_at_once_and_the_books_when_it_is_paid(provider, published, drain):
    by = rich(cedis(100))
    payout, _ = ordered_payout(by, cedis(40))
    assert (in_wallet(by.user_id), balance(f"payout:{payout.id}"), balance("gw:sandbox:GHS")) == (6000, 4000, -10000)
    drain()
    assert (state_of(payout), in_wallet(by.user_id)) == ("paid", 6000)
    assert (balance(f"payout:{payout.id}"), balance("gw:sandbox:GHS")) == (0, -6000)
    assert len(published.of(PayoutPaid)) == 1


def test_a_refused_payout_comes_back_once_and_mints_nothing(provider, published, drain):
    by = rich(cedis(100))
    payout, _ = ordered_payout(by, cedis(40), "acct_reject")
    drain()
    assert (state_of(payout), in_wallet(by.user_id), balance("gw:sandbox:GHS")) == ("failed", 10000, -10000)
    assert len(published.of(PayoutFailed)) == 1


def test_a_payout_that_timed_out_stays_held_until_its_outcome_is_known(provider, impatient, drain, later):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40), "acct_timeout_paid")
    drain()
    assert (state_of(payout), in_wallet(by.user_id), balance(f"payout:{payout.id}")) == ("processing", 6000, 4000)
    later()
    assert (state_of(payout), in_wallet(by.user_id), len(provider.payouts(command.id))) == ("paid", 6000, 1)


def test_after_a_refusal_the_next_payout_is_a_new_order_with_a_hold_of_its_own(provider, drain):
    by = rich(cedis(100))
    _, first = ordered_payout(by, cedis(40), "acct_reject")
    drain()
    second_payout, second = ordered_payout(by, cedis(40))
    drain()
    assert first.id != second.id
    assert (state_of(second_payout), in_wallet(by.user_id)) == ("paid", 6000)
    assert [thing["status"] for thing in provider.payouts(first.id)] == ["failed"]


def test_a_payout_of_another_amount_is_in_review_until_staff_takes_it_as_paid(provider, drain, published):
    by = rich(cedis(100))
    payout, _ = ordered_payout(by, cedis(40), "acct_amount_drift")
    drain()
    assert (state_of(payout), balance("suspense:sandbox:GHS"), balance("gw:sandbox:GHS")) == ("in_review", 1, -6001)
    actions.accept_payout(payout_id=payout.id, ruling=ruling())
    assert (state_of(payout), in_wallet(by.user_id), len(published.of(PayoutPaid))) == ("paid", 6000, 1)


def test_a_withdrawal_refused_for_lack_of_money_changes_nothing():
    by = rich(cedis(10))
    with pytest.raises(rules.InsufficientFunds):
        ordered_payout(by, cedis(11))
    assert (in_wallet(by.user_id), Payout.objects.count(), Deposit.objects.count()) == (1000, 0, 1)


def test_a_withdrawal_that_fails_half_way_takes_nothing(monkeypatch):
    by = rich(cedis(100))
    with pytest.raises(ZeroDivisionError), monkeypatch.context() as patch:
        patch.setattr("domains.payments.actions.payouts.faultpoint", lambda name: 1 // 0)
        ordered_payout(by, cedis(40))
    assert (in_wallet(by.user_id), Payout.objects.count(), GatewayCommand.objects.filter(kind="payout").count()) == (
        10000,
        0,
        0,
    )


@pytest.mark.breaks_the_books
def test_while_the_books_are_out_of_balance_no_payout_leaves(provider, drain, later):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40))
    escrow = funded_escrow()
    Escrow.objects.filter(pk=escrow.pk).update(amount_minor=escrow.amount_minor + 1)
    assert actions.check_books() == 1
    drain()
    later()
    assert (state_of(command), provider.payouts(command.id)) == ("new", [])
    with pytest.raises(rules.PayoutsFrozen):
        ordered_payout(rich(cedis(100)), cedis(40))
    Escrow.objects.filter(pk=escrow.pk).update(amount_minor=escrow.amount_minor)
    assert actions.check_books() == 0
    later()
    assert state_of(payout) == "paid"


def test_a_provider_that_is_not_allowed_here_is_not_offered(settings):
    settings.SANDBOX_GATEWAY_ALLOWED = False
    with pytest.raises(rules.GatewayNotOffered):
        ordered_deposit(somebody(), cedis(15))
    assert not Deposit.objects.exists()
