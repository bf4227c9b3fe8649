"""PayPal's peer beside a test, the adapter pointed at it, and orders that go there."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from django.test import override_settings

from domains.payments.gateways import Order, Outcome, Pending, Succeeded
from domains.payments.gateways.paypal import PaypalGateway
from kelmah.ids import new_id
from kelmah.money import Money
from tests.payments.gateways.subject import Subject, Webhook
from tests.peers.running import Running, peer

MERCHANT, WEBHOOK = "S4HZ8MM2CDDVA", "8PT597110X687430LKGECATA"
AMA = "checkout:ama@example.com"


def payer(who: str) -> str:
    return f"checkout:{who}@example.com"


def receiver(who: str) -> str:
    return f"email:{who}@example.com"


@pytest.fixture(scope="module")
def _paypal_process() -> Iterator[Running]:
    with peer("paypal", merchant=MERCHANT, webhook=WEBHOOK) as running:
        yield running


def root_of(running: Running, folder: Path) -> list[str]:
    """The file with whom the peer's certificate leads to."""
    file = folder / "root.pem"
    file.write_bytes(httpx.get(f"{running.url}/_control/root").raise_for_status().content)
    return [str(file)]


@pytest.fixture
def paypal(_paypal_process: Running, settings, tmp_path: Path) -> Iterator[Running]:
    settings.PAYPAL_API_URL = settings.PAYPAL_CERTIFICATES_URL = _paypal_process.url
    settings.PAYPAL_TRUSTED_ROOTS = root_of(_paypal_process, tmp_path)
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = "client", "secret"
    settings.PAYPAL_MERCHANT_ID, settings.PAYPAL_WEBHOOK_ID = MERCHANT, WEBHOOK
    settings.PAYPAL_CURRENCIES = ["USD", "EUR", "GBP", "JPY", "GHS"]
    settings.PAYPAL_RETURN_URL = "https://app.example.com/wallet"
    settings.GATEWAYS = ["paypal", "sandbox"]
    yield _paypal_process
    _paypal_process.calm()


def order(
    instrument: str = AMA, *, kind: str = "charge", minor: int = 1250, of: str = "", currency: str = "USD"
) -> Order:
    return Order(key=new_id(), kind=kind, amount=Money(minor, currency), instrument=instrument, of=of)


def begun(wanted: Order) -> Order:
    """Sent; the order with the name that PayPal gave it."""
    first = PaypalGateway().submit(wanted)
    assert isinstance(first, Pending), first
    return replace(wanted, ref=first.facts.ref)


def paid(paypal: Running, wanted: Order) -> Outcome:
    """A charge that the payer approved, or a payout that was carried out."""
    named = begun(wanted)
    if wanted.kind == "charge":
        httpx.post(f"{paypal.url}/checkoutnow", params={"token": named.ref.removeprefix("order-")}).raise_for_status()
    else:
        time.sleep(0.15)
    return PaypalGateway().query(named)


def done(paypal: Running, wanted: Order) -> Succeeded:
    outcome = paid(paypal, wanted)
    assert isinstance(outcome, Succeeded), outcome
    return outcome


def told(paypal: Running, what: str, wish: object) -> httpx.Response:
    return httpx.post(f"{paypal.url}/_control/{what}", json=wish).raise_for_status()


def signed(paypal: Running, event: object, **wish: object) -> Webhook:
    body = json.dumps(event)
    return told(paypal, "signed", {"body": body, **wish}).json(), body.encode()


class Paypal(Subject):
    currency = "USD"
    others = ("EUR", "JPY")
    instruments = {
        "pays": AMA,
        "declines": payer("declines"),
        "waits": payer("waits"),
        "receives": receiver("kofi"),
        "refuses": receiver("fails"),
        "returns": receiver("reversed"),
    }

    def __init__(self, running: Running) -> None:
        self.gateway = PaypalGateway()
        self.peer = running

    def made(self, order: Order) -> int:
        return len(
            [m for m in self.peer.movements(order.key, kind=order.kind) if m["state"] not in ("FAILED", "VOIDED")]
        )

    def next_order(self, fault: str) -> None:
        self.peer.fault("POST (/v2/checkout/orders|/v1/payments/payouts|.*/refund)$", fault)

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        with override_settings(PAYPAL_API_URL="http://127.0.0.1:9"):
            yield

    def pass_time(self) -> None:
        time.sleep(0.12)
        self.peer.settle()

    def webhooks(self, order: Order) -> list[Webhook]:
        return self.peer.notices_about(order.key, count=2)

    def old_webhook(self, order: Order) -> Webhook:
        """Of a week ago: what PayPal repeats for three days is no older."""
        _, body = self.webhooks(order)[-1]
        return told(self.peer, "signed", {"body": body.decode(), "hours": 24 * 7}).json(), body

    def dispute(self, charge_ref: str, *, phase: str) -> str:
        return str(told(self.peer, "disputes", {"charge": charge_ref, "phase": phase}).json()["id"])
