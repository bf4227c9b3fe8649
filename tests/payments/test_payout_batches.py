"""Payouts sent together, to a provider of its own over real HTTP: once each, whatever happens to the batch."""

import httpx
import pytest
from django.db import IntegrityError

from domains.payments import actions, rules
from domains.payments.actions import payout_batches
from domains.payments.gateways import gateway_named
from domains.payments.models import BooksCheck, GatewayCommand, Payout, PayoutBatch, PayoutBatchItem
from domains.payments.queries.payouts import batch_told, orders_in
from domains.payments.tasks import resolve_commands, send_payouts
from kelmah.db import atomic
from kelmah.errors import Unavailable
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import PayoutFailed, PayoutPaid
from kelmah.money import Money
from kelmah.rpc import RemoteUnavailable
from tests.payments.factories import cedis, in_wallet, ordered_payout, rich, ruling, state_of

pytestmark = pytest.mark.domain("payments")
CARRIED_OUT, NOT_CARRIED_OUT = ["silence", "error", "garbage"], ["lost", "refuse", "limit", "unauthorized"]


@pytest.fixture(autouse=True)
def _gathered(provider, settings, people, impatient):
    settings.PAYOUT_BATCH_SECONDS = 20
    yield
    httpx.delete(f"{provider.url}/_control/faults").raise_for_status()


def ordered(*accounts: str) -> list[tuple[Payout, GatewayCommand]]:
    """A payout of 40.00 to each account, of somebody with 100.00."""
    return [ordered_payout(rich(cedis(100)), cedis(40), account) for account in accounts]


def planned(provider, does: str, times: int = 1) -> None:
    wish = {"on": "POST /v1/payout_batches", "does": does, "times": times}
    httpx.post(f"{provider.url}/_control/faults", json=wish).raise_for_status()


def sent(clock) -> PayoutBatch:
    """What waits is sent; the batch that comes of it."""
    clock.advance(seconds=20)
    assert send_payouts() == 1
    return PayoutBatch.objects.get()


def ends(payouts) -> list[str]:
    return [state_of(payout) for payout, _ in payouts]


def transfers(provider, payouts) -> list[int]:
    """How many the provider made of each."""
    return [len(provider.payouts(command.id)) for _, command in payouts]


# Gathering


def test_payouts_wait_for_others_and_go_in_one_call(provider, clock, drain, published):
    first = ordered("acct_success")
    clock.advance(seconds=10)
    payouts = [*first, *ordered("acct_success", "acct_success")]
    drain()
    resolve_commands()
    assert (send_payouts(), transfers(provider, payouts)) == (0, [0, 0, 0])
    clock.advance(seconds=10)
    send_payouts()
    batch = PayoutBatch.objects.get()
    assert (batch.state, batch.count, batch.total, batch.attempts) == ("itemized", 3, cedis(120), 1)
    assert (ends(payouts), transfers(provider, payouts)) == (["paid"] * 3, [1, 1, 1])
    assert len(published.of(PayoutPaid)) == 3


def test_each_currency_has_a_batch_of_its_own(clock):
    payouts = [*ordered("acct_success"), ordered_payout(rich(Money(500, "JPY")), Money(300, "JPY"))]
    clock.advance(seconds=20)
    assert send_payouts() == 2
    assert (ends(payouts), {b.total for b in PayoutBatch.objects.all()}) == (
        ["paid"] * 2,
        {cedis(40), Money(300, "JPY")},
    )


def test_without_a_window_payouts_go_at_once_and_alone(provider, settings, drain):
    settings.PAYOUT_BATCH_SECONDS = 0
    payouts = ordered("acct_success", "acct_success")
    drain()
    assert (ends(payouts), PayoutBatch.objects.count()) == (["paid", "paid"], 0)


def test_what_waited_when_the_window_was_closed_is_sent_alone(provider, settings, clock):
    payouts = ordered("acct_success")
    settings.PAYOUT_BATCH_SECONDS = 0
    clock.advance(minutes=1)
    send_payouts()
    resolve_commands()
    assert (ends(payouts), PayoutBatch.objects.count()) == (["paid"], 0)


def test_more_than_one_call_takes_go_in_several(provider, clock, monkeypatch):
    from dataclasses import replace

    from domains.payments.gateways.sandbox import SandboxGateway

    monkeypatch.setattr(SandboxGateway, "capabilities", replace(SandboxGateway.capabilities, payouts_per_batch=2))
    payouts = ordered(*["acct_success"] * 5)
    clock.advance(seconds=20)
    assert payout_batches.send_gathered() == 3
    assert sorted(batch.count for batch in PayoutBatch.objects.all()) == [1, 2, 2]
    assert (ends(payouts), transfers(provider, payouts)) == (["paid"] * 5, [1] * 5)


# One of many


def test_one_that_fails_hurts_no_other(provider, clock, drain, published):
    payouts = ordered("acct_success", "acct_reject", "acct_amount_drift", "acct_pending", "acct_success")
    batch = sent(clock)
    drain()
    assert batch.state == "itemized"
    assert ends(payouts) == ["paid", "failed", "in_review", "processing", "paid"]
    assert in_wallet(payouts[1][0].user_id) == 10000
    assert [event.payout_id for event in published.of(PayoutFailed)] == [payouts[1][0].id]
    provider.webhooks_about(payouts[3][1].id, count=2)
    clock.advance(minutes=1)
    resolve_commands()
    assert ends(payouts)[3] == "paid"


def test_a_batch_that_is_refused_for_one_of_it_has_each_sent_alone(provider, clock):
    payouts = ordered("acct_success", "acct_no_such_thing", "acct_success")
    batch = sent(clock)
    assert (batch.state, batch.last_error) == ("refused", "order_invalid")
    assert (ends(payouts), transfers(provider, payouts)) == (["processing"] * 3, [0, 0, 0])
    clock.advance(minutes=1)
    resolve_commands()
    assert (ends(payouts), transfers(provider, payouts)) == (["paid", "failed", "paid"], [1, 0, 1])
    clock.advance(minutes=1)
    send_payouts()
    assert PayoutBatch.objects.count() == 1


# Without an answer


@pytest.mark.parametrize("fault", [*CARRIED_OUT, *NOT_CARRIED_OUT])
def test_a_batch_without_an_answer_is_sent_again_under_its_key_and_never_made_anew(provider, clock, fault):
    """The system before this one queued such a batch again under a new id, and paid all of it twice."""
    payouts = ordered("acct_success", "acct_reject", "acct_success")
    planned(provider, fault)
    batch = sent(clock)
    assert (batch.state, ends(payouts)) == ("unknown", ["processing"] * 3)
    assert {command.state for command in orders_in(batch)} == {"unknown"}
    clock.advance(seconds=1)
    late = ordered("acct_success")
    clock.advance(minutes=1)
    resolve_commands()
    send_payouts()
    batch.refresh_from_db()
    assert (batch.state, batch.count, batch.attempts) == ("itemized", 3, 2)
    assert (ends(payouts), transfers(provider, payouts)) == (["paid", "failed", "paid"], [1, 1, 1])
    assert (ends(late), transfers(provider, late), PayoutBatch.objects.count()) == (["paid"], [1], 2)


def test_a_provider_that_is_down_for_hours_gets_one_batch(provider, clock):
    payouts = ordered("acct_success", "acct_success")
    planned(provider, "refuse", times=6)
    batch = sent(clock)
    for _ in range(8):
        clock.advance(hours=1)
        resolve_commands()
        send_payouts()
    batch.refresh_from_db()
    assert (batch.attempts, ends(payouts), transfers(provider, payouts)) == (7, ["paid", "paid"], [1, 1])


def test_what_is_in_a_batch_of_unknown_end_goes_nowhere_else(provider, clock):
    [(payout, command), _] = ordered("acct_success", "acct_success")
    planned(provider, "silence")
    batch = sent(clock)
    clock.advance(seconds=29)  # its sender may still be at it
    batch_before = PayoutBatch.objects.get()
    PayoutBatch.objects.update(state="sent")
    actions.submit_command(command_id=command.id)
    actions.follow_command(command_id=command.id)
    assert (state_of(command), PayoutBatch.objects.get().attempts) == ("unknown", batch_before.attempts)
    with pytest.raises(rules.StillUncertain):
        actions.give_up_command(command_id=command.id, ruling=ruling())
    clock.advance(seconds=2)
    actions.follow_command(command_id=command.id)  # asked about, it leads to its batch
    assert (state_of(batch), state_of(payout), len(provider.payouts(command.id))) == ("itemized", "paid", 1)


def test_a_batch_whose_key_is_forgotten_is_not_sent_again_and_staff_ends_each_of_its_payouts(provider, clock):
    payouts = ordered("acct_success", "acct_success")
    planned(provider, "lost")
    batch = sent(clock)
    clock.advance(hours=25)
    send_payouts()
    resolve_commands()
    assert (ends(payouts), transfers(provider, payouts)) == (["processing"] * 2, [0, 0])
    for _, command in payouts:
        actions.give_up_command(command_id=command.id, ruling=ruling())
    assert (state_of(batch), ends(payouts), transfers(provider, payouts)) == ("itemized", ["failed"] * 2, [0, 0])


def test_a_refusal_of_an_attempt_that_was_given_up_lets_nothing_go_alone(provider, clock):
    """Its worker was slow: meanwhile another sent the batch again, and has no answer."""
    from domains.payments.gateways import Rejected

    payouts = ordered("acct_success")
    planned(provider, "silence", times=2)
    slow = sent(clock)
    clock.advance(minutes=1)
    send_payouts()
    payout_batches._settle(slow, Rejected(code="refused"))
    assert (state_of(slow), ends(payouts)) == ("unknown", ["processing"])


def test_a_webhook_that_comes_before_the_answer_settles_its_payout_once(provider, clock):
    payouts = ordered("acct_success", "acct_success")
    planned(provider, "silence")
    batch = sent(clock)
    headers, body = provider.webhooks_about(payouts[0][1].id, count=1)[0]
    actions.receive_webhook(gateway="sandbox", headers=headers, body=body)
    clock.advance(seconds=20)
    actions.sweep_webhooks()
    assert ends(payouts) == ["paid", "processing"]
    clock.advance(minutes=1)
    send_payouts()
    assert (ends(payouts), state_of(batch), transfers(provider, payouts)) == (["paid", "paid"], "itemized", [1, 1])


# Who is not paid now


def test_while_the_books_are_red_nothing_is_gathered_and_nothing_sent_again(provider, clock):
    payouts = ordered("acct_success")
    planned(provider, "refuse")
    batch = sent(clock)
    waiting = ordered("acct_success")
    BooksCheck.objects.create(at=clock.now(), broken=["something"])
    clock.advance(minutes=1)
    send_payouts()
    assert (PayoutBatch.objects.get().attempts, transfers(provider, payouts + waiting)) == (1, [0, 0])
    BooksCheck.objects.create(at=clock.now(), broken=[])
    clock.advance(minutes=1)
    send_payouts()
    assert (state_of(batch), ends(payouts + waiting)) == ("itemized", ["paid", "paid"])


def test_whoever_was_restricted_meanwhile_keeps_nobody_and_is_paid_once_that_ends(provider, clock, people):
    payouts = ordered("acct_success", "acct_success")
    restricted = payouts[0][0].user_id
    people.taken[restricted] = ["payments.request_payout"]
    assert sent(clock).count == 1
    assert (ends(payouts), in_wallet(restricted)) == (["processing", "paid"], 6000)
    people.taken.clear()
    clock.advance(minutes=30)
    send_payouts()
    assert ends(payouts) == ["processing", "paid"]
    clock.advance(minutes=32)
    send_payouts()
    assert (ends(payouts), transfers(provider, payouts)) == (["paid", "paid"], [1, 1])


@pytest.mark.parametrize("failure", [Unavailable, RemoteUnavailable])
def test_while_nobody_can_say_who_is_restricted_only_what_was_asked_for_just_now_leaves(
    provider, clock, people, failure
):
    waiting = ordered("acct_success")
    people.failure = failure
    clock.advance(minutes=11)  # a token is good for ten
    payouts = ordered("acct_success")
    clock.advance(seconds=20)
    send_payouts()
    assert (ends(payouts), ends(waiting), PayoutBatch.objects.get().count) == (["paid"], ["processing"], 1)
    people.failure = None
    send_payouts()
    assert ends(waiting) == ["processing"]
    clock.advance(minutes=2)
    send_payouts()
    assert ends(waiting) == ["paid"]


# Two workers


@pytest.mark.domain("payments", transaction=True)
def test_eight_who_gather_at_once_make_one_batch(provider, clock, race):
    payouts = ordered(*["acct_success"] * 6)
    clock.advance(seconds=20)
    assert sorted(race(payout_batches.send_gathered, 8)) == [0] * 7 + [1]
    assert PayoutBatch.objects.get().count == 6
    assert (ends(payouts), transfers(provider, payouts)) == (["paid"] * 6, [1] * 6)


@pytest.mark.domain("payments", transaction=True)
@pytest.mark.parametrize("fault", ["silence", "lost"])
def test_eight_who_follow_an_unknown_batch_and_its_orders_send_it_once_more(provider, clock, race, fault):
    payouts = ordered("acct_success", "acct_success")
    planned(provider, fault)
    batch = sent(clock)
    clock.advance(minutes=1)
    orders = [lambda c=c: actions.follow_command(command_id=c.id) for _, c in payouts]
    race([send_payouts, resolve_commands, *orders] * 2)
    batch.refresh_from_db()
    assert (batch.state, batch.attempts) == ("itemized", 2)
    assert (ends(payouts), transfers(provider, payouts)) == (["paid"] * 2, [1] * 2)


@pytest.mark.domain("payments", transaction=True)
def test_an_order_goes_alone_or_in_a_batch_when_the_window_opens_meanwhile(provider, clock, race, settings):
    payouts = ordered("acct_success", "acct_success")
    clock.advance(seconds=20)
    orders = [lambda c=c: actions.submit_command(command_id=c.id) for _, c in payouts]
    assert race([payout_batches.send_gathered, *orders, payout_batches.send_gathered])[1:3] == [None, None]
    assert (ends(payouts), transfers(provider, payouts)) == (["paid"] * 2, [1] * 2)


def test_no_order_is_ever_in_two_batches(provider, clock):
    ordered("acct_success")
    batch = sent(clock)
    other = PayoutBatch.objects.get()
    other.pk, other.gateway_ref = new_id(), "another"
    other.save(force_insert=True)
    with pytest.raises(IntegrityError, match="command_id"), atomic("payments"):
        PayoutBatchItem.objects.create(batch=other, command=batch.items.get().command)


def test_a_batch_says_the_same_every_time(provider, clock):
    ordered(*["acct_success"] * 4)
    batch = sent(clock)
    assert batch_told(batch, again=False).orders == batch_told(batch, again=False).orders
    assert gateway_named("sandbox").capabilities.payouts_per_batch == 100
