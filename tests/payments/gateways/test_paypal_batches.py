"""Payouts through PayPal in one batch: with wallets and books, once each, whatever happens to the call."""

import time

import pytest
from django.test import Client

from domains.payments import actions
from domains.payments.actions import payout_batches
from domains.payments.gateways import Succeeded
from domains.payments.models import GatewayCommand, Payout, PayoutBatch, WebhookEvent
from domains.payments.tasks import resolve_commands, send_payouts
from kelmah.money import Money
from tests.payments.factories import facts_of, in_wallet, ordered_deposit, settle_command, somebody, state_of
from tests.payments.gateways.paypal_peer import _paypal_process, paypal, receiver, told

__all__ = ["_paypal_process", "paypal"]
pytestmark = pytest.mark.domain("payments")
PAYOUTS = "POST /v1/payments/payouts"


@pytest.fixture(autouse=True)
def _gathered(settings, people):
    settings.PAYOUT_BATCH_SECONDS = 20


def ordered(*receivers: str) -> list[tuple[Payout, GatewayCommand]]:
    """A payout of 10.00 to each, of somebody with 12.50."""
    made = []
    for who in receivers:
        by = somebody()
        _, deposit = ordered_deposit(by, Money(1250, "USD"))
        settle_command(command_id=deposit.id, outcome=Succeeded(facts=facts_of(deposit)))
        destination = who if ":" in who else receiver(who)
        payout = actions.request_payout(by=by, amount=Money(1000, "USD"), gateway="paypal", destination=destination)
        made.append((payout, GatewayCommand.objects.get(subject_id=payout.id)))
    return made


def sent(clock) -> PayoutBatch:
    clock.advance(seconds=20)
    assert payout_batches.send_gathered() == 1
    return PayoutBatch.objects.latest("created_at")


def followed(clock, times: int = 3) -> None:
    for _ in range(times):
        time.sleep(0.1)  # the peer carries out in its own time
        clock.advance(minutes=1)
        send_payouts()
        resolve_commands()


def ends(payouts) -> list[str]:
    return [state_of(payout) for payout, _ in payouts]


def items(paypal, payouts) -> list[int]:
    return [len(paypal.movements(command.id)) for _, command in payouts]


def moved(paypal, payouts) -> int:
    return sum(m["moved"] for _, command in payouts for m in paypal.movements(command.id))


def test_payouts_go_in_one_batch_and_end_item_by_item(paypal, clock):
    before = len(paypal.calls(PAYOUTS))
    payouts = ordered("kofi", "fails", "onhold", "unclaimed", "ama")
    batch = sent(clock)
    assert (batch.state, batch.total, len(paypal.calls(PAYOUTS)) - before) == ("accepted", Money(5000, "USD"), 1)
    followed(clock)
    assert (state_of(batch), PayoutBatch.objects.get().gateway_ref[:6]) == ("itemized", "batch-")
    assert ends(payouts) == ["paid", "failed", "processing", "processing", "paid"]
    paypal.settle()
    followed(clock)
    assert ends(payouts) == ["paid", "failed", "paid", "returned", "paid"]
    assert [in_wallet(payout.user_id, "USD") for payout, _ in payouts] == [250, 1250, 250, 1250, 250]
    assert (items(paypal, payouts), len(paypal.calls(PAYOUTS)) - before) == ([1] * 5, 1)


@pytest.mark.parametrize("fault", ["silence", "error", "garbage", "lost", "refuse", "limit"])
def test_a_batch_whose_answer_is_lost_is_sent_again_under_its_id(paypal, clock, fault):
    """What PayPal has already it refuses, with a link to the first, which is followed."""
    payouts = ordered("kofi", "fails", "ama")
    paypal.fault(f"{PAYOUTS}$", fault)
    batch = sent(clock)
    assert (batch.state, ends(payouts)) == ("unknown", ["processing"] * 3)
    followed(clock)
    batch.refresh_from_db()
    assert (batch.state, PayoutBatch.objects.count()) == ("itemized", 1)
    assert (ends(payouts), items(paypal, payouts)) == (["paid", "failed", "paid"], [1, 1, 1])
    assert moved(paypal, payouts) == 2


def test_one_receiver_that_is_none_has_the_batch_refused_and_fails_alone(paypal, clock):
    payouts = ordered("kofi", "email:nobody", "ama")
    assert sent(clock).state == "refused"
    followed(clock)
    assert (ends(payouts), items(paypal, payouts)) == (["paid", "failed", "paid"], [1, 0, 1])


def test_a_receiver_that_is_none_is_found_out_after_an_answer_was_lost_too(paypal, clock):
    payouts = ordered("kofi", "email:nobody")
    paypal.fault(f"{PAYOUTS}$", "lost")
    batch = sent(clock)
    followed(clock)
    assert (state_of(batch), ends(payouts), items(paypal, payouts)) == ("refused", ["paid", "failed"], [1, 0])


def test_a_refusal_that_may_be_younger_than_what_was_lost_lets_nothing_go_alone(paypal, clock):
    """Row 17. The first attempt was carried out; what is refused now is about our account, not about the batch."""
    payouts = ordered("kofi", "ama")
    paypal.fault(f"{PAYOUTS}$", "silence")
    batch = sent(clock)
    told(paypal, "broke", {"broke": True})
    followed(clock, 2)
    assert (state_of(batch), moved(paypal, payouts)) == ("unknown", 2)
    assert PayoutBatch.objects.get().last_error == "answered 422: INSUFFICIENT_FUNDS"
    told(paypal, "broke", {"broke": False})
    followed(clock)
    assert (ends(payouts), items(paypal, payouts), state_of(batch)) == (["paid", "paid"], [1, 1], "itemized")


def test_a_batch_that_is_denied_pays_nobody(paypal, clock):
    payouts = ordered("kofi", "denied")
    batch = sent(clock)
    followed(clock)
    assert (state_of(batch), ends(payouts), moved(paypal, payouts)) == ("itemized", ["failed", "failed"], 0)
    assert [in_wallet(payout.user_id, "USD") for payout, _ in payouts] == [1250, 1250]


def test_webhooks_of_the_batch_and_of_its_items_settle_each_once_in_any_order(paypal, clock, drain):
    payouts = ordered("kofi", "fails")
    batch = sent(clock)
    about = [*paypal.notices_about(batch.id, count=1)]
    for _, command in payouts:
        about += paypal.notices_about(command.id, count=1)
    for headers, body in [*reversed(about), *about]:
        signature = {name: value for name, value in headers.items() if name.lower().startswith("paypal-")}
        answer = Client().post("/api/v1/webhooks/paypal", body, content_type="application/json", headers=signature)
        assert answer.status_code == 200
    drain()
    assert (state_of(batch), ends(payouts)) == ("itemized", ["paid", "failed"])
    assert not WebhookEvent.objects.filter(processed_at=None).exists()
    followed(clock)
    assert (ends(payouts), items(paypal, payouts)) == (["paid", "failed"], [1, 1])
