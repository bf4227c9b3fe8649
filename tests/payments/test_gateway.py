"""Orders to a provider that refuses, stalls, repeats itself and lies, over real HTTP."""

import time
from unittest.mock import patch  # of the provider's patience only, never of our own code

import pytest

from domains.payments import actions
from domains.payments.actions.commands import follow_command
from domains.payments.models import Deposit, GatewayCommand, LedgerAccount, Payout
from domains.payments.tasks import resolve_commands
from kelmah.interfaces.payments.events import PaymentFailed, PaymentSucceeded, PayoutFailed, PayoutPaid
from tests.payments.factories import cedis, in_wallet, ordered_deposit, rich, somebody
from tests.payments.provider import sandbox, sandbox_server

pytestmark = pytest.mark.domain("payments")


@pytest.fixture
def provider():
    with patch.object(sandbox_server, "SILENCE", 0.3), patch.object(sandbox_server, "DELAY", 0.2), sandbox() as running:
        yield running


@pytest.fixture
def impatient(monkeypatch):
    import httpx

    from domains.payments.gateways import sandbox as adapter

    monkeypatch.setattr(adapter, "TIMEOUT", httpx.Timeout(0.15))
    adapter._client.cache_clear()
    yield
    adapter._client.cache_clear()


def state_of(thing) -> str:
    return type(thing).objects.get(id=thing.id).state


def test_a_good_card_is_credited_once_it_is_charged(provider, published, drain):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15))
    assert in_wallet(by.user_id) == 0
    drain()
    assert (state_of(deposit), in_wallet(by.user_id), provider.charges()) == ("succeeded", 1500, 1)
    assert [event.amount for event in published.of(PaymentSucceeded)] == [cedis(15)]


def test_a_declined_card_is_told_and_credits_nothing(provider, published, drain):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), "tok_decline")
    drain()
    assert (state_of(deposit), in_wallet(by.user_id)) == ("failed", 0)
    assert [event.reason for event in published.of(PaymentFailed)] == ["refused_by_issuer"]


def test_a_charge_that_timed_out_is_unknown_then_found_and_never_charged_again(provider, impatient, drain, clock):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_timeout_charged")
    drain()
    assert GatewayCommand.objects.get(id=command.id).state == "unknown"
    assert (state_of(deposit), in_wallet(by.user_id)) == ("processing", 0)
    clock.advance(minutes=1)
    assert resolve_commands() == 1
    assert (state_of(deposit), in_wallet(by.user_id), provider.charges()) == ("succeeded", 1500, 1)


def test_a_charge_answered_with_500_is_unknown_not_failed(provider, drain, clock):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_error_charged")
    drain()
    assert (GatewayCommand.objects.get(id=command.id).state, state_of(deposit)) == ("unknown", "processing")
    clock.advance(minutes=1)
    resolve_commands()
    assert (in_wallet(by.user_id), provider.charges()) == (1500, 1)


def test_a_provider_that_is_down_is_asked_again_under_the_same_key(drain, clock):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    drain()  # nobody listens on the default address
    assert GatewayCommand.objects.get(id=command.id).state == "unknown"
    with sandbox() as provider:
        clock.advance(minutes=1)
        resolve_commands()
        assert list(provider.provider.objects) == [str(command.id)]
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)


def test_what_is_pending_is_polled_until_it_is_decided(provider, drain, clock):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15), "tok_pending")
    drain()
    assert GatewayCommand.objects.get(id=command.id).state == "pending"
    time.sleep(0.4)  # the provider decides by its own clock
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(deposit), in_wallet(by.user_id)) == ("succeeded", 1500)


def test_another_amount_than_asked_goes_to_suspense_and_to_nobody(provider, drain):
    by = somebody()
    deposit, _ = ordered_deposit(by, cedis(15), "tok_amount_drift")
    drain()
    assert (state_of(deposit), in_wallet(by.user_id)) == ("in_review", 0)
    assert LedgerAccount.objects.get(key="suspense:sandbox:GHS").balance == 1499


def test_a_worker_that_died_before_the_call_is_replaced(provider, clock):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    GatewayCommand.objects.filter(id=command.id).update(state="sent", attempts=1, next_at=clock.now())
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(deposit), in_wallet(by.user_id), provider.charges()) == ("succeeded", 1500, 1)


def test_a_worker_that_died_after_the_call_is_replaced_without_a_second_charge(provider, clock):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    actions.submit_command(command_id=command.id)
    # As if the process had been killed between the provider's answer and our writing it down.
    provider_knows = provider.charges()
    other, lost = ordered_deposit(somebody(), cedis(20))
    provider.provider.create(
        "charge", {"reference": str(lost.id), "amount": 2000, "currency": "GHS", "instrument": "tok_success"}
    )
    GatewayCommand.objects.filter(id=lost.id).update(state="sent", attempts=1, next_at=clock.now())
    clock.advance(minutes=1)
    follow_command(command_id=lost.id)
    assert (state_of(deposit), state_of(other)) == ("succeeded", "succeeded")
    assert provider.charges() == provider_knows + 1


def test_a_payout_leaves_the_wallet_at_once_and_the_books_when_it_is_paid(provider, published, drain):
    by = rich(cedis(100))
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="sandbox", destination="acct_success")
    assert in_wallet(by.user_id) == 6000
    drain()
    assert (state_of(payout), in_wallet(by.user_id)) == ("paid", 6000)
    assert len(published.of(PayoutPaid)) == 1


def test_a_refused_payout_comes_back_once_and_mints_nothing(provider, published, drain):
    by = rich(cedis(100))
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="sandbox", destination="acct_reject")
    drain()
    assert (state_of(payout), in_wallet(by.user_id)) == ("failed", 10000)
    assert len(published.of(PayoutFailed)) == 1


def test_a_payout_that_timed_out_stays_held_until_its_outcome_is_known(provider, impatient, drain, clock):
    by = rich(cedis(100))
    payout = actions.request_payout(by=by, amount=cedis(40), gateway="sandbox", destination="acct_timeout_paid")
    drain()
    assert (state_of(payout), in_wallet(by.user_id)) == ("processing", 6000)
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(payout), in_wallet(by.user_id)) == ("paid", 6000)


def test_a_refused_withdrawal_for_lack_of_money_changes_nothing():
    from domains.payments import rules

    by = rich(cedis(10))
    with pytest.raises(rules.InsufficientFunds):
        actions.request_payout(by=by, amount=cedis(11), gateway="sandbox", destination="acct_success")
    assert (in_wallet(by.user_id), Payout.objects.count(), Deposit.objects.count()) == (1000, 0, 1)
