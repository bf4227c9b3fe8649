"""PayPal with wallets and books."""

import time

import httpx
import pytest
from django.test import Client, override_settings

from domains.payments import actions, rules
from domains.payments.actions import refunds
from domains.payments.actions.statements import fetch_statement
from domains.payments.models import Chargeback, Deposit, GatewayCommand, StatementEntry
from domains.payments.tasks import resolve_commands
from kelmah import clock as kelmah_clock
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal
from tests.payments.factories import in_wallet, ruling, somebody, state_of
from tests.payments.gateways.paypal_peer import AMA, MERCHANT, WEBHOOK, _paypal_process, paypal, receiver, root_of, told
from tests.peers.running import Running, peer

__all__ = ["_paypal_process", "paypal"]


def deliver(paypal: Running, about: object, *, count: int) -> None:
    """Everything that PayPal told us about it comes, twice, and the other way round."""
    webhooks = paypal.notices_about(about, count=count)
    for headers, sent in [*webhooks, *reversed(webhooks)]:
        signature = {name: value for name, value in headers.items() if name.lower().startswith("paypal-")}
        answer = Client().post("/api/v1/webhooks/paypal", sent, content_type="application/json", headers=signature)
        assert answer.status_code == 200


@pytest.mark.domain("payments")
def test_a_deposit_is_captured_and_credited_by_the_webhook_of_its_approval(paypal, api, drain):
    by = somebody()
    body = {"amount": {"amount": 1250, "currency": "USD"}, "method": {"type": "paypal"}}
    deposit = api.as_(by).post("/wallet/deposits", body, idempotency_key=new_id()).json
    drain()
    shown = api.as_(by).get(f"/wallet/deposits/{deposit['id']}").json
    assert shown["next_action"]["kind"] == "redirect"
    httpx.post(shown["next_action"]["url"]).raise_for_status()
    command = GatewayCommand.objects.get(subject_id=deposit["id"])
    deliver(paypal, command.id, count=1)
    drain()
    assert (api.as_(by).get(f"/wallet/deposits/{deposit['id']}").json["state"], money_of(by)) == ("succeeded", 1250)
    deliver(paypal, command.id, count=2)
    drain()
    assert money_of(by) == 1250


@pytest.mark.domain("payments")
def test_an_approval_that_no_webhook_told_is_captured_by_the_janitor(paypal, drain, clock):
    by = somebody()
    deposit = actions.request_deposit(by=by, amount=Money(1250, "USD"), gateway="paypal", instrument=AMA)
    drain()
    paypal.settle()
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(deposit), money_of(by)) == ("succeeded", 1250)


@pytest.mark.domain("payments")
def test_an_approval_after_we_gave_up_takes_no_money(paypal, drain, clock):
    by = somebody()
    deposit = actions.request_deposit(by=by, amount=Money(1250, "USD"), gateway="paypal", instrument=AMA)
    drain()
    command = GatewayCommand.objects.get(subject_id=deposit.id)
    clock.advance(hours=7)
    resolve_commands()
    assert state_of(deposit) == "failed"
    paypal.settle()
    deliver(paypal, command.id, count=1)
    drain()
    assert ([m["moved"] for m in paypal.movements(command.id)], money_of(by)) == ([False], 0)


@pytest.mark.domain("payments")
@pytest.mark.parametrize("fault", ["silence", "lost"])
def test_a_payout_whose_answer_is_lost_is_paid_once_and_in_the_wallet_again_when_it_comes_back(
    paypal, drain, clock, fault
):
    """Rows 17 and 25."""
    by, _ = paid_in(paypal, drain, clock)
    paypal.fault("POST /v1/payments/payouts$", fault)
    payout = actions.request_payout(
        by=by, amount=Money(1000, "USD"), gateway="paypal", destination=receiver("reversed")
    )
    drain()
    command = GatewayCommand.objects.get(subject_id=payout.id)
    assert (state_of(command), money_of(by)) == ("unknown", 250)
    for _ in range(3):
        time.sleep(0.1)
        clock.advance(minutes=1)
        resolve_commands()
    assert (state_of(payout), money_of(by)) == ("paid", 250)
    paypal.settle()
    deliver(paypal, command.id, count=3)
    drain()
    assert (state_of(payout), money_of(by)) == ("returned", 1250)
    assert len(paypal.movements(command.id)) == 1


@pytest.mark.domain("payments")
@pytest.mark.parametrize("fault", ["silence", "lost"])
def test_a_payout_unknown_for_twenty_nine_days_is_never_sent_again_and_waits_for_staff(paypal, drain, clock, fault):
    """Row 17: PayPal knows a batch id for thirty days. Paid or not, nothing there says so under our key."""
    by, _ = paid_in(paypal, drain, clock)
    paypal.fault("POST /v1/payments/payouts$", fault)
    payout = actions.request_payout(by=by, amount=Money(1000, "USD"), gateway="paypal", destination=receiver("kofi"))
    drain()
    command = GatewayCommand.objects.get(subject_id=payout.id)
    with pytest.raises(rules.StillUncertain):  # it may be sent again
        actions.give_up_command(command_id=command.id, ruling=ruling())
    sent = len(paypal.calls("POST /v1/payments/payouts"))
    for days in (29, 1, 1, 30):
        clock.advance(days=days)
        resolve_commands()
        actions.submit_command(command_id=command.id)
    assert len(paypal.calls("POST /v1/payments/payouts")) == sent
    assert (state_of(command), state_of(payout), money_of(by)) == ("unknown", "processing", 250)
    actions.give_up_command(command_id=command.id, ruling=ruling("in none of PayPal's reports"))
    assert (state_of(payout), money_of(by)) == ("failed", 1250)


@pytest.mark.domain("payments")
def test_a_part_of_a_deposit_goes_back_once_though_its_answer_is_lost(paypal, drain, clock):
    """Row 24."""
    by, deposit = paid_in(paypal, drain, clock)
    paypal.fault("POST .*/refund$", "silence")
    refund = refunds.request_refund(by=by, deposit_id=deposit.id, amount=Money(500, "USD"))
    command = GatewayCommand.objects.get(kind="refund", subject_id=refund.id)
    drain()
    assert (state_of(refund), money_of(by)) == ("processing", 750)
    clock.advance(minutes=1)
    resolve_commands()
    assert (state_of(refund), money_of(by)) == ("succeeded", 750)
    assert [m["minor"] for m in paypal.movements(command.id, kind="refund")] == [500]


@pytest.mark.domain("payments")
def test_the_lines_of_a_statement_meet_the_books(paypal, drain, clock, tmp_path_factory):
    """Row 32: what came, what it cost, what left and came back."""
    with (
        peer("paypal", merchant=MERCHANT, webhook=WEBHOOK) as own,
        override_settings(
            PAYPAL_API_URL=own.url,
            PAYPAL_CERTIFICATES_URL=own.url,
            PAYPAL_TRUSTED_ROOTS=root_of(own, tmp_path_factory.mktemp("own")),
        ),
    ):
        by, _ = paid_in(own, drain, clock)
        payout = actions.request_payout(
            by=by, amount=Money(1000, "USD"), gateway="paypal", destination=receiver("refunded")
        )
        drain()
        time.sleep(0.15)
        clock.advance(minutes=1)
        resolve_commands()
        assert state_of(payout) == "paid"
        own.settle()
        deliver(own, GatewayCommand.objects.get(subject_id=payout.id).id, count=3)
        drain()
        assert state_of(payout) == "returned"
        fetch_statement(gateway="paypal", day=kelmah_clock.now().date())
        drain()
        entries = StatementEntry.objects.filter(gateway="paypal").order_by("amount_minor")
        assert [(entry.kind, entry.amount_minor, entry.verdict) for entry in entries] == [
            ("payout", -1000, "matched"),
            ("payout", 1000, "matched"),
            ("charge", 1250, "matched"),
        ]


@pytest.mark.domain("payments")
def test_a_lost_dispute_is_owed_by_whoever_paid_in(paypal, drain, clock):
    """Row 27, by PayPal's own webhook."""
    by, deposit = paid_in(paypal, drain, clock)
    charge = GatewayCommand.objects.get(subject_id=deposit.id)
    dispute = told(paypal, "disputes", {"charge": charge.gateway_ref, "phase": "lost"}).json()["id"]
    deliver(paypal, dispute, count=1)
    drain()
    chargeback = Chargeback.objects.get(gateway="paypal", ref=dispute)
    assert (chargeback.state, chargeback.amount_minor, money_of(by)) == ("lost", 1250, 0)


@pytest.mark.domain("payments")
@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ({"email": "kofi@example.com"}, 201),
        ({"account": "G83JXTJ5EHCQ2"}, 201),
        ({}, 400),
        ({"email": "kofi@example.com", "account": "G83JXTJ5EHCQ2"}, 400),
        ({"account": "../me"}, 400),
    ],
)
def test_a_destination_is_an_email_or_an_account(paypal, api, destination, status):
    body = {"destination": {"type": "paypal", **destination}}
    assert api.as_(somebody(role="worker")).post("/wallet/payout-methods", body).status == status


def money_of(by: Principal) -> int:
    return in_wallet(by.user_id, "USD")


def paid_in(paypal: Running, drain, clock) -> tuple[Principal, Deposit]:
    """Somebody with 12.50 dollars that came through PayPal."""
    by = somebody()
    deposit = actions.request_deposit(by=by, amount=Money(1250, "USD"), gateway="paypal", instrument=AMA)
    drain()
    paypal.settle()
    clock.advance(minutes=1)
    resolve_commands()
    assert money_of(by) == 1250
    return by, deposit
