"""The whole way of money through Stripe with nothing left out: our server, the peer's process, its events."""

import time
from collections.abc import Callable

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from domains.payments.actions import refunds
from domains.payments.models import Chargeback, Deposit, GatewayCommand, LedgerAccount, Payout, WebhookEvent
from kelmah.ids import new_id
from kelmah.principal import Principal
from kelmah.testing.client import access_token
from tests.payments.factories import cedis, in_wallet, rich, somebody, state_of
from tests.payments.gateways.stripe_peer import KEY, POINTED, SECRET, Stripe
from tests.peers.running import Running, process

pytestmark = pytest.mark.domain("payments", transaction=True)


@pytest.fixture
def subject(live_server: LiveServer, settings):
    """The peer, whose events come to our server."""
    settings.GATEWAYS = ["stripe", "sandbox"]
    plan = {"webhook_url": f"{live_server.url}/api/v1/webhooks/stripe", "webhook_secret": SECRET, "key": KEY}
    with process("stripe", plan) as url:
        for name, value in (POINTED | {"STRIPE_API_URL": url}).items():
            setattr(settings, name, value)
        yield Stripe(Running(url, hears_at=plan["webhook_url"]))


def until(what: Callable[[], bool], *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def ask(live_server: LiveServer, by: Principal, path: str, **body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {access_token(by)}", "Idempotency-Key": str(new_id())}
    answer = httpx.post(f"{live_server.url}/api/v1{path}", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer


def test_a_card_whose_bank_wants_a_proof_is_redirected_and_then_credited_by_stripes_event(live_server, subject, drain):
    by = somebody()
    method = {"type": "stripe", "payment_method": "pm_card_authenticationRequired"}
    answer = ask(live_server, by, "/wallet/deposits", amount={"amount": 1500, "currency": "GHS"}, method=method)
    drain()  # the worker sends the order
    shown = httpx.get(
        f"{live_server.url}/api/v1/wallet/deposits/{answer.json()['id']}",
        headers={"Authorization": f"Bearer {access_token(by)}"},
    ).json()
    assert (shown["state"], shown["next_action"]["kind"]) == ("processing", "redirect")
    assert in_wallet(by.user_id) == 0
    subject.pass_time()  # the payer approves
    until(lambda: WebhookEvent.objects.count() == 2)
    drain()  # the worker looks into what it was told
    assert in_wallet(by.user_id) == 1500
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


def test_a_declined_card_credits_nobody_and_says_why(live_server, subject, drain):
    by = somebody()
    method = {"type": "stripe", "payment_method": "pm_card_visa_chargeDeclined"}
    ask(live_server, by, "/wallet/deposits", amount={"amount": 1500, "currency": "GHS"}, method=method)
    drain()
    deposit = Deposit.objects.get(user_id=by.user_id)
    assert (deposit.state, deposit.failure, in_wallet(by.user_id)) == ("failed", "generic_decline", 0)


def test_an_event_of_the_other_mode_and_a_lesser_amount_credit_nobody(live_server, subject, drain):
    """Row 20."""
    for method in ("pm_drift", "pm_other_mode"):
        by = somebody()
        wanted = {"type": "stripe", "payment_method": method}
        ask(live_server, by, "/wallet/deposits", amount={"amount": 1500, "currency": "GHS"}, method=wanted)
        drain()
        assert (Deposit.objects.get(user_id=by.user_id).state, in_wallet(by.user_id)) == ("in_review", 0)
    assert LedgerAccount.objects.get(key="suspense:stripe:GHS").balance > 0


def test_a_payout_that_the_bank_sends_back_is_in_the_wallet_again_once(live_server, subject, drain):
    """Row 25: two transfers, one payout, its failure told by an event of the connected account."""
    by = Principal(user_id=rich(cedis(20)).user_id, roles=frozenset({"worker"}), session_id=new_id())
    to = {"type": "stripe", "account": "acct_returns"}
    ask(live_server, by, "/wallet/payouts", amount={"amount": 1500, "currency": "GHS"}, destination=to)
    drain()
    payout = Payout.objects.get(user_id=by.user_id)
    assert (payout.state, in_wallet(by.user_id)) == ("processing", 500)

    def told(state: str) -> Callable[[], bool]:
        return lambda: drain() or state_of(payout) == state

    subject.pass_time()
    until(told("paid"))
    assert in_wallet(by.user_id) == 500
    subject.pass_time()  # days later
    until(told("returned"))
    assert in_wallet(by.user_id) == 2000
    assert GatewayCommand.objects.get(subject_id=payout.id).last_error == "account_closed"
    assert [each.minor for each in subject.gateway.balance()] == [0]


def paid_in(live_server: LiveServer, by: Principal, drain: Callable[[], None], *, minor: int = 1500) -> Deposit:
    method = {"type": "stripe", "payment_method": "pm_card_visa"}
    ask(live_server, by, "/wallet/deposits", amount={"amount": minor, "currency": "GHS"}, method=method)
    drain()
    assert in_wallet(by.user_id) == minor
    return Deposit.objects.get(user_id=by.user_id)


def test_a_refund_that_the_card_does_not_take_is_in_the_wallet_again(live_server, subject, drain):
    """Row 25, for refunds: pending, then failed by an event."""
    by = somebody()
    deposit = paid_in(live_server, by, drain, minor=1514)  # what the peer lets fail
    refund = refunds.request_refund(by=by, deposit_id=deposit.id)
    drain()
    assert (state_of(refund), in_wallet(by.user_id)) == ("processing", 0)
    subject.pass_time()
    until(lambda: drain() or state_of(refund) == "returned")
    assert in_wallet(by.user_id) == 1514


def test_a_refund_made_in_stripes_dashboard_is_taken_from_the_wallet_too(live_server, subject, drain):
    by = somebody()
    paid_in(live_server, by, drain)
    charge = GatewayCommand.objects.get(kind="charge").gateway_ref
    headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": str(new_id())}
    form = {"payment_intent": charge, "amount": 500}
    httpx.post(f"{subject.peer.url}/v1/refunds", data=form, headers=headers).raise_for_status()
    until(lambda: drain() or in_wallet(by.user_id) == 1000)


@pytest.mark.parametrize("end", ["reinstated", "lost"])
def test_a_dispute_takes_what_it_took_at_stripe_and_gives_what_it_gave(live_server, subject, drain, end):
    """Row 27, told by Stripe's events alone."""
    by = somebody()
    paid_in(live_server, by, drain)
    charge = GatewayCommand.objects.get(kind="charge").gateway_ref
    for phase, left in (("inquiry", 1500), ("withdrawn", 0), (end, 1500 if end == "reinstated" else 0)):
        subject.dispute(charge, phase=phase)
        found = Chargeback.objects.filter(charge_ref=charge, state=phase)
        until(lambda found=found: drain() or found.exists())
        assert in_wallet(by.user_id) == left
