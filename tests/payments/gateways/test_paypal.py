"""The adapter of PayPal beside a server that behaves as PayPal's documentation says."""

import time
from dataclasses import replace

import httpx
import pytest

from domains.payments.gateways import Pending, Rejected, Returned, Succeeded, Unknown
from domains.payments.gateways.paypal import PaypalGateway
from kelmah.money import Money
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.paypal_peer import (
    Paypal,
    _paypal_process,
    begun,
    done,
    order,
    paid,
    payer,
    paypal,
    receiver,
    told,
)
from tests.peers.running import Running

__all__ = ["_paypal_process", "paypal"]


def test_currencies_that_paypal_has_not_are_not_served(paypal):
    assert PaypalGateway().capabilities.charges == {"USD", "EUR", "GBP", "JPY"}


def test_only_paypals_own_address_is_real_money(paypal, settings):
    lives = []
    for url in ("https://api-m.paypal.com", "https://api-m.sandbox.paypal.com", "https://api-m.paypal.com.example.com"):
        settings.PAYPAL_API_URL = url
        lives.append(PaypalGateway().capabilities.live)
    assert lives == [True, False, False]


# Access


def test_a_token_is_asked_for_once_and_again_when_it_was_revoked(paypal, settings):
    settings.PAYPAL_API_URL = paypal.url + "/"  # another address: no token is known for it
    asked = len(paypal.calls("POST /v1/oauth2/token"))
    for _ in range(3):
        begun(order())
    assert len(paypal.calls("POST /v1/oauth2/token")) == asked + 1
    told(paypal, "tokens", {})
    begun(order())
    assert len(paypal.calls("POST /v1/oauth2/token")) == asked + 2


@pytest.mark.parametrize("kind", ["charge", "payout"])
def test_wrong_access_is_no_refusal_of_the_order(paypal, settings, kind):
    settings.PAYPAL_CLIENT_SECRET = "wrong"
    assert isinstance(PaypalGateway().submit(order(receiver("ama"), kind=kind)), Unknown)


# Charges


def test_the_payer_is_sent_to_paypal_and_the_order_is_captured_once_it_is_approved(paypal):
    named = begun(order())
    first = PaypalGateway().query(named)
    assert isinstance(first, Pending)
    assert first.next_action is not None
    assert first.next_action.kind == "redirect"
    httpx.post(first.next_action.data["url"]).raise_for_status()
    outcome = PaypalGateway().query(named)
    assert isinstance(outcome, Succeeded)
    assert (outcome.facts.amount, outcome.facts.fee) == (Money(1250, "USD"), Money(52, "USD"))


def test_whoever_only_looks_at_an_approved_order_takes_no_money(paypal):
    named = begun(order())
    told(paypal, "settle", {})
    seen = PaypalGateway().fetch("charge", named.ref)
    assert isinstance(seen, Pending)
    assert seen.ours
    assert [m["moved"] for m in paypal.movements(named.key)] == [False]


@pytest.mark.parametrize("fault", ["silence", "error", "garbage"])
def test_a_capture_without_an_answer_is_found_and_not_made_twice(paypal, fault):
    """Row 17."""
    named = begun(order())
    told(paypal, "settle", {})
    paypal.fault("POST .*/capture$", fault)
    assert isinstance(PaypalGateway().query(named), Unknown)
    for _ in range(2):
        assert isinstance(PaypalGateway().query(named), Succeeded)
    assert len(paypal.movements(named.key)) == 1


def test_an_order_that_another_captured_is_read_again(paypal):
    """Two who follow one order: the second is told ORDER_ALREADY_CAPTURED, also under a key of its own."""
    named = begun(order())
    told(paypal, "settle", {})
    access = {"Authorization": paypal.calls("GET /v2/checkout/orders")[-1]["headers"]["Authorization"]}
    url = f"{paypal.url}/v2/checkout/orders/{named.ref.removeprefix('order-')}/capture"
    httpx.post(url, json={}, headers=access).raise_for_status()
    assert isinstance(PaypalGateway().query(named), Succeeded)


@pytest.mark.parametrize(("who", "code"), [("declines", "INSTRUMENT_DECLINED"), ("denied", "declined")])
def test_a_payer_whose_bank_says_no_is_a_refusal(paypal, who, code):
    outcome = paid(paypal, order(payer(who)))
    assert isinstance(outcome, Rejected)
    assert outcome.code == code


def test_an_echeck_waits_for_days_under_the_name_of_its_capture(paypal):
    named = begun(order(payer("echeck")))
    told(paypal, "settle", {})
    waiting = PaypalGateway().query(named)
    assert isinstance(waiting, Pending)
    paypal.settle()
    cleared = PaypalGateway().query(replace(named, ref=waiting.facts.ref))
    assert isinstance(cleared, Succeeded)
    assert cleared.facts.ref == waiting.facts.ref


def test_an_order_that_nobody_approved_is_over_after_six_hours(paypal, clock):
    named, dropped = begun(order()), begun(order())
    told(paypal, "forget", {"order": dropped.ref.removeprefix("order-")})
    soon = PaypalGateway().query(dropped)
    assert isinstance(soon, Unknown)
    assert not soon.absent
    clock.advance(hours=7)
    for each in (named, dropped):
        outcome = PaypalGateway().query(each)
        assert isinstance(outcome, Rejected)
        assert outcome.code == "expired"


def test_an_amount_that_paypal_has_no_currency_for_is_refused(paypal):
    assert PaypalGateway().submit(order(currency="GHS")) == Rejected(code="CURRENCY_NOT_SUPPORTED")


# Payouts


@pytest.mark.parametrize(
    ("who", "at_first", "at_last"),
    [
        ("ama", Succeeded, Succeeded),
        ("waits", Pending, Succeeded),
        ("onhold", Pending, Succeeded),
        ("unclaimed", Pending, Returned),
        ("reversed", Succeeded, Returned),
        ("refunded", Succeeded, Returned),
        ("fails", Rejected, Rejected),
        ("blocked", Rejected, Rejected),
        ("denied", Rejected, Rejected),
    ],
)
def test_a_payout_is_followed_through_the_states_of_its_item(paypal, who, at_first, at_last):
    """Row 25: paid, or unclaimed for thirty days, then back."""
    named = begun(order(receiver(who), kind="payout"))
    time.sleep(0.15)
    first = PaypalGateway().query(named)
    paypal.settle()
    last = PaypalGateway().query(named)
    assert (type(first), type(last)) == (at_first, at_last)
    assert isinstance(last, Succeeded | Returned | Rejected)
    assert last.facts is not None
    assert (last.facts.key, last.facts.amount) == (named.key, named.amount)


def test_a_payout_is_one_batch_though_it_is_sent_again_days_later(paypal, clock):
    wanted = order(receiver("ama"), kind="payout")
    done(paypal, wanted)
    clock.advance(days=5)
    again = PaypalGateway().submit(wanted)
    assert isinstance(again, Succeeded)
    assert len(paypal.movements(wanted.key)) == 1


def test_what_paypal_may_have_forgotten_is_never_called_absent(paypal, clock):
    """Sent again it could be paid twice; a charge can't be, as nobody was led to it."""
    late = {kind: order(receiver("ama"), kind=kind, of="x") for kind in ("charge", "payout", "refund")}
    asked = {kind: PaypalGateway().query(each) for kind, each in late.items()}
    clock.advance(days=29)
    asked_late = {kind: PaypalGateway().query(each) for kind, each in late.items()}
    assert [getattr(each, "absent", None) for each in asked.values()] == [True, True, True]
    assert [getattr(each, "absent", None) for each in asked_late.values()] == [True, False, False]


def test_an_account_is_paid_by_its_paypal_id_too(paypal):
    assert isinstance(paid(paypal, order("paypal_id:G83JXTJ5EHCQ2", kind="payout")), Succeeded)


# Refunds


@pytest.mark.parametrize("fault", ["silence", "error", "garbage"])
def test_a_refund_without_an_answer_is_sent_again_and_given_once(paypal, fault):
    """Row 24."""
    charge = done(paypal, order())
    wanted = order("", kind="refund", minor=500, of=charge.facts.ref)
    paypal.fault("POST .*/refund$", fault)
    assert isinstance(PaypalGateway().submit(wanted), Unknown)
    for _ in range(2):
        assert isinstance(PaypalGateway().submit(wanted), Succeeded)
    assert len(paypal.movements(wanted.key, kind="refund")) == 1


def test_a_refund_that_takes_its_time_is_followed(paypal):
    charge = done(paypal, order(payer("slow")))
    named = begun(order("", kind="refund", minor=500, of=charge.facts.ref))
    paypal.settle()
    given = PaypalGateway().query(named)
    assert isinstance(given, Succeeded)
    assert (given.facts.of, given.facts.key) == (charge.facts.ref, named.key)


def test_a_dispute_that_ends_before_money_moved_moved_none(paypal):
    """It only held the money: nothing was taken, so nothing came back."""
    charge = done(paypal, order())
    held = PaypalGateway().fetch_dispute(
        told(paypal, "disputes", {"charge": charge.facts.ref, "phase": "closed"}).json()["id"]
    )
    assert not isinstance(held, Unknown)
    assert held.phase == "closed"


class TestContract(Contract):
    @pytest.fixture
    def subject(self, paypal: Running) -> Paypal:
        return Paypal(paypal)
