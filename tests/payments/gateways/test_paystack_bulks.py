"""Payouts through Paystack's bulk transfers: each has its own reference, by which it is looked up and done once."""

import httpx
import pytest

from domains.payments import actions
from domains.payments.actions import payout_batches
from domains.payments.gateways.paystack import PaystackGateway
from domains.payments.models import GatewayCommand, Payout, PayoutBatch
from domains.payments.queries import order_of
from domains.payments.tasks import resolve_commands, send_payouts
from tests.payments.factories import cedis, in_wallet, rich, state_of
from tests.payments.gateways.test_paystack import RECEIVES, REFUSES, _process, account, paystack

__all__ = ["_process", "paystack"]
pytestmark = pytest.mark.domain("payments")
SECOND, FORGOTTEN, NOBODYS = account("01000000015"), account("01000000017"), account("no-number")
BULK = "POST /transfer/bulk"


@pytest.fixture(autouse=True)
def _gathered(settings, people):
    settings.PAYOUT_BATCH_SECONDS = 20


def ordered(*accounts: str) -> list[tuple[Payout, GatewayCommand]]:
    """A payout of 10.00 to each account, of somebody with 12.50."""
    made = []
    for each in accounts:
        payout = actions.request_payout(by=rich(cedis(12.5)), amount=cedis(10), gateway="paystack", destination=each)
        made.append((payout, GatewayCommand.objects.get(subject_id=payout.id)))
    return made


def sent(clock) -> PayoutBatch:
    clock.advance(seconds=20)
    assert payout_batches.send_gathered() == 1
    return PayoutBatch.objects.get()


def followed(paystack, clock) -> None:
    for _ in range(4):
        paystack.settle()
        clock.advance(minutes=1)
        send_payouts()
        resolve_commands()


def ends(payouts) -> list[str]:
    return [state_of(payout) for payout, _ in payouts]


def transfers(paystack, payouts) -> list[int]:
    return [len(paystack.movements(command.id)) for _, command in payouts]


def test_payouts_go_in_one_bulk_and_end_one_by_one(paystack, clock):
    before = [len(paystack.calls(on)) for on in (BULK, "POST /transferrecipient")]
    payouts = ordered(RECEIVES, REFUSES, RECEIVES)  # two are paid to one account
    assert (sent(clock).state, transfers(paystack, payouts)) == ("itemized", [1, 1, 1])
    followed(paystack, clock)
    assert ends(payouts) == ["paid", "failed", "paid"]
    assert [in_wallet(payout.user_id) for payout, _ in payouts] == [250, 1250, 250]
    assert [len(paystack.calls(on)) for on in (BULK, "POST /transferrecipient")] == [n + 1 for n in before]
    assert len(paystack.calls("POST /transfer")) - len(paystack.calls("POST /transferrecipient")) - before[0] == 1


@pytest.mark.parametrize("fault", ["silence", "error", "garbage", "lost", "refuse", "limit"])
def test_after_a_bulk_without_an_answer_each_is_looked_up_and_done_once(paystack, clock, fault):
    bulks = len(paystack.calls(BULK))
    payouts = ordered(RECEIVES, REFUSES, SECOND)
    paystack.fault(BULK, fault)
    batch = sent(clock)
    assert (batch.state, ends(payouts)) == ("unknown", ["processing"] * 3)
    followed(paystack, clock)
    assert (state_of(batch), PayoutBatch.objects.count(), len(paystack.calls(BULK)) - bulks) == ("itemized", 1, 1)
    assert (ends(payouts), transfers(paystack, payouts)) == (["paid", "failed", "paid"], [1, 1, 1])


def test_an_account_that_it_does_not_take_fails_alone(paystack, clock):
    payouts = ordered(RECEIVES, NOBODYS, SECOND)
    assert (sent(clock).state, transfers(paystack, payouts)) == ("itemized", [1, 0, 1])
    followed(paystack, clock)
    assert (ends(payouts), transfers(paystack, payouts)) == (["paid", "failed", "paid"], [1, 0, 1])


def test_what_its_answer_leaves_out_is_looked_up_and_sent_alone(paystack, clock):
    payouts = ordered(RECEIVES, FORGOTTEN)
    httpx.post(f"{paystack.url}/_control/bulk", json={"forgets": "7"}).raise_for_status()
    assert (sent(clock).state, transfers(paystack, payouts)) == ("itemized", [1, 0])
    followed(paystack, clock)
    assert (ends(payouts), transfers(paystack, payouts)) == (["paid", "paid"], [1, 1])


def test_a_bulk_that_is_refused_has_each_looked_up_before_it_is_sent_alone(paystack, clock):
    """One was carried out before, under its reference, so that the whole bulk is refused."""
    payouts = ordered(RECEIVES, SECOND)
    PaystackGateway().submit(order_of(payouts[0][1]))
    assert sent(clock).state == "refused"
    followed(paystack, clock)
    assert (ends(payouts), transfers(paystack, payouts)) == (["paid", "paid"], [1, 1])
