"""The adapter against copies of Stripe that other people wrote, and signatures that Stripe's SDK for Node made.

They allow more than Stripe does, and leave much out: only what they refuse, answer and sign is worth something here.
"""

import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
import stripe as sdk

from domains.payments.gateways import Order, Pending, Rejected, Succeeded, Unknown
from domains.payments.gateways.stripe import StripeGateway
from domains.payments.gateways.stripe.client import client, failed_order
from domains.payments.rules import SignatureInvalid
from kelmah.errors import Unavailable
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.gateways.stripe_peer import POINTED, SECRET
from tests.peers.node import HERE, NODE, installed
from tests.peers.strangers import localstripe, stateful_mock


@pytest.fixture(scope="module")
def _localstripe() -> Iterator[str]:
    with localstripe() as url:
        yield url


@pytest.fixture(scope="module")
def _stateful_mock() -> Iterator[str]:
    with stateful_mock() as url:
        yield url


@pytest.fixture
def gateway(settings) -> StripeGateway:
    for name, value in POINTED.items():
        setattr(settings, name, value)
    return StripeGateway()


@pytest.fixture
def local(_localstripe: str, gateway: StripeGateway, settings) -> StripeGateway:
    """localstripe: intents, refunds, signed events. It knows no ``return_url``."""
    settings.STRIPE_API_URL, settings.STRIPE_RETURN_URL = _localstripe, ""
    return gateway


@pytest.fixture
def stateful(_stateful_mock: str, gateway: StripeGateway, settings) -> StripeGateway:
    """stripe-stateful-mock: the time of charges, with keys, refunds and disputes as they still are."""
    settings.STRIPE_API_URL = _stateful_mock
    return gateway


def order(instrument: str = "pm_card_visa", kind: str = "charge", minor: int = 1500, of: str = "") -> Order:
    return Order(key=new_id(), kind=kind, amount=Money(minor, "USD"), instrument=instrument, of=of)


def old_charge(source: str = "tok_visa") -> sdk.Charge:
    return client().v1.charges.create({"amount": 1000, "currency": "usd", "source": source})


# localstripe


def test_localstripe_takes_our_charge_and_tells_it_back(local):
    wanted = order()
    told = local.submit(wanted)
    assert isinstance(told, Succeeded)
    assert (told.facts.key, told.facts.amount, told.facts.live) == (wanted.key, wanted.amount, False)
    assert local.fetch("charge", told.facts.ref).facts == told.facts


def test_localstripe_declines_a_card(local):
    assert local.submit(order("pm_card_chargeCustomerFail")).code == "card_declined"
    assert isinstance(local.submit(order("pm_there_is_none")), Rejected)


def test_localstripe_asks_for_the_payers_proof_and_then_decides(local, settings):
    card = {"number": "4000002500003155", "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    method = client().v1.payment_methods.create({"type": "card", "card": card})  # type: ignore[typeddict-unknown-key]
    for approves, decision in (("true", Succeeded), ("false", Rejected)):
        told = local.submit(order(method.id))
        assert isinstance(told, Pending)
        assert told.next_action is None, "only Stripe's own library could show this one"
        intent = client().v1.payment_intents.retrieve(told.facts.ref)
        said = {"client_secret": intent.client_secret, "success": approves, "key": "pk_test_1"}
        httpx.post(
            f"{client()._requestor._options.base_addresses['api']}/v1/payment_intents/{intent.id}/_authenticate",
            data=said,
        )
        assert isinstance(local.fetch("charge", told.facts.ref), decision)


def test_localstripe_gives_back_and_finds_the_refund_by_our_key(local):
    charge = local.submit(order()).facts.ref
    refund = order(kind="refund", minor=700, of=charge)
    told = local.submit(refund)
    assert isinstance(told, Succeeded)
    assert (told.facts.key, told.facts.amount, told.facts.of) == (refund.key, Money(700, "USD"), charge)
    assert local.query(refund) == told == local.fetch("refund", told.facts.ref)


def test_localstripe_keeps_a_card_for_a_customer_and_charges_it(local, settings):
    payer = local.open_payer(key=new_id())
    secret = local.begin_saving(payer=payer)
    card = {"number": "4242424242424242", "exp_month": "12", "exp_year": "2030", "cvc": "123"}
    said = {f"payment_method_data[card][{name}]": value for name, value in card.items()}
    said |= {"client_secret": secret, "key": "pk_test_1", "payment_method_data[type]": "card"}
    intent = secret.partition("_secret")[0]
    kept = httpx.post(f"{settings.STRIPE_API_URL}/v1/setup_intents/{intent}/confirm", data=said).raise_for_status()
    assert kept.json()["status"] == "succeeded"
    client().v1.payment_methods.attach(kept.json()["payment_method"], {"customer": payer})  # Stripe does it by itself
    [left] = client().v1.payment_methods.list({"customer": payer, "type": "card"}).data  # it wants the type
    assert isinstance(local.submit(order(local.charged_through(payer=payer, ref=left.id))), Succeeded)


def test_what_localstripe_does_not_have_is_unknown_or_unavailable_never_absent(local):
    told = [local.submit(order("acct_1", kind="payout")), local.query(order())]
    assert [(type(outcome), outcome.absent) for outcome in told] == [(Unknown, False)] * 2
    with pytest.raises(Unavailable):
        local.balance()  # it answers with an object where Stripe has a list


def test_localstripe_signs_its_events_as_our_endpoint_expects(local, settings):
    caught: list[tuple[dict[str, str], bytes]] = []

    class Catcher(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            caught.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    catcher = ThreadingHTTPServer(("127.0.0.1", 0), Catcher)
    Thread(target=catcher.serve_forever, daemon=True).start()
    here = {"url": f"http://127.0.0.1:{catcher.server_port}/", "secret": SECRET}
    httpx.post(f"{settings.STRIPE_API_URL}/_config/webhooks/us", data=here).raise_for_status()
    wanted = order()
    local.submit(wanted)
    deadline = time.monotonic() + 20
    while not (found := [hook for hook in caught if str(wanted.key).encode() in hook[1]]):
        assert time.monotonic() < deadline, "no event came"
        time.sleep(0.05)
    catcher.shutdown()
    catcher.server_close()
    headers, body = found[0]
    notice = local.parse_webhook(headers, body)
    assert (notice.kind, notice.key) == ("charge", wanted.key)
    assert isinstance(local.fetch(notice.kind, notice.ref), Succeeded)
    with pytest.raises(SignatureInvalid):
        local.parse_webhook(headers, body.replace(b"1500", b"9500"))


# stripe-stateful-mock


def test_one_key_is_one_refund_and_another_body_is_about_the_key(stateful):
    charge = old_charge().id
    refund = order(kind="refund", minor=600, of=charge)
    told = [stateful.submit(refund) for _ in range(3)]
    assert {outcome.facts.ref for outcome in told} == {stateful.query(refund).facts.ref}
    other = Order(key=refund.key, kind="refund", amount=Money(100, "USD"), instrument="", of=charge)
    assert type(stateful.submit(other)) is Unknown
    assert client().v1.charges.retrieve(charge).amount_refunded == 600


def test_more_than_was_paid_is_not_given_back(stateful):
    charge = old_charge().id
    assert isinstance(stateful.submit(order(kind="refund", minor=600, of=charge)), Succeeded)
    assert isinstance(stateful.submit(order(kind="refund", minor=401, of=charge)), Rejected)
    assert isinstance(stateful.submit(order(kind="refund", minor=400, of=charge)), Succeeded)
    assert stateful.submit(order(kind="refund", minor=1, of=charge)).code == "charge_already_refunded"


@pytest.mark.parametrize(
    ("source", "meaning"),
    [
        ("tok_chargeDeclined", Rejected(code="generic_decline")),
        ("tok_chargeDeclinedInsufficientFunds", Rejected(code="insufficient_funds")),
        ("tok_500", Unknown(reason="APIError 500")),
        ("tok_429", Unknown(reason="RateLimitError 429")),
    ],
)
def test_errors_mean_what_they_say_about_the_order_and_no_more(stateful, source, meaning):
    with pytest.raises(sdk.StripeError) as raised:
        old_charge(source)
    assert failed_order(raised.value) == meaning


@pytest.mark.parametrize(
    ("source", "phase"), [("tok_createDispute", "withdrawn"), ("tok_createDisputeInquiry", "inquiry")]
)
def test_a_dispute_is_in_the_phase_that_the_money_is_in(stateful, source, phase):
    charge, deadline = old_charge(source), time.monotonic() + 10
    while charge.dispute is None:  # the bank thinks for a moment
        assert time.monotonic() < deadline
        charge = client().v1.charges.retrieve(charge.id)
    dispute = stateful.fetch_dispute(str(charge.dispute))
    assert (dispute.phase, dispute.charge_ref, dispute.amount) == (phase, charge.id, Money(1000, "USD"))
    refund = stateful.submit(order(kind="refund", minor=1000, of=charge.id))
    assert isinstance(refund, Rejected if phase == "withdrawn" else Succeeded)


# Stripe's SDK for Node


def node_signed(body: bytes, *, secret: str, at: int) -> dict[str, str]:
    command = [NODE, "stripe_signer.js", secret, str(at)]
    assert (installed() / "stripe").is_dir()
    signer = subprocess.run(command, cwd=HERE, input=body, capture_output=True, check=True, timeout=60)
    return {"Stripe-Signature": signer.stdout.decode()}


EVENT = '{"id": "evt_1", "data": {"object": {"object": "payment_intent", "id": "pi_1", "note": "Gɔ̃ ✓"}}}'.encode()


def test_what_stripes_own_library_signs_is_believed_and_nothing_else(gateway):
    """Row 21: an independent implementation signs; altered bodies, old and future times, other secrets are refused."""
    now = int(time.time())
    for secret in POINTED["STRIPE_WEBHOOK_SECRETS"]:
        assert gateway.parse_webhook(node_signed(EVENT, secret=secret, at=now), EVENT).ref == "pi_1"
    good = node_signed(EVENT, secret=SECRET, at=now)
    refused = [
        (good, EVENT.replace(b"pi_1", b"pi_2")),
        (good, EVENT + b"\n"),
        (node_signed(EVENT, secret=SECRET, at=now - 301), EVENT),
        (node_signed(EVENT, secret=SECRET, at=now + 120), EVENT),
        (node_signed(EVENT, secret="whsec_of_somebody", at=now), EVENT),
        ({"Stripe-Signature": good["Stripe-Signature"].replace("v1=", "v0=")}, EVENT),
    ]
    for headers, body in refused:
        with pytest.raises(SignatureInvalid):
            gateway.parse_webhook(headers, body)


def test_while_a_secret_is_changed_one_of_two_signatures_is_enough(gateway):
    """Row 21: Stripe signs with both secrets for a day."""
    now = int(time.time())
    old, new = (node_signed(EVENT, secret=each, at=now)["Stripe-Signature"] for each in ("whsec_rolled", SECRET))
    both = f"{old},{new.partition(',')[2]}"
    assert gateway.parse_webhook({"Stripe-Signature": both}, EVENT).ref == "pi_1"
