"""Stripe's own peer beside a test, and the adapter pointed at it."""

import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
import pytest
from django.conf import settings
from django.test import override_settings

from domains.payments.gateways import Order
from domains.payments.gateways.stripe import StripeGateway
from tests.payments.gateways.subject import Subject, Webhook
from tests.peers.running import Running, peer

KEY: Final = "sk_test_51peer"
SECRET: Final = "whsec_peer"
POINTED: Final[dict[str, Any]] = {
    "STRIPE_SECRET_KEY": KEY,
    "STRIPE_ACCOUNT": "acct_kelmah",
    "STRIPE_WEBHOOK_SECRETS": [SECRET, "whsec_of_connect"],
    "STRIPE_CURRENCIES": ["GHS", "USD", "EUR", "JPY", "UGX", "KWD"],
    "STRIPE_RETURN_URL": "https://app.kelmah.dev/payments/return",
}


def signed(body: bytes, *, secret: str = SECRET, at: int | None = None) -> Webhook:
    """A delivery as Stripe signs it (docs.stripe.com/webhooks#verify-manually)."""
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={digest}"}, body


class Stripe(Subject):
    others = ("JPY", "UGX", "USD")
    instruments = {
        "pays": "pm_card_visa",
        "declines": "pm_card_visa_chargeDeclined",
        "waits": "pm_card_authenticationRequired",
        "receives": "acct_good",
        "refuses": "acct_nobank",
        "returns": "acct_returns",
    }
    names = {"acct_good": "Ama Mensah", "acct_returns": "Kofi Boateng"}
    nobody = "acct_nobody"

    def __init__(self, running: Running) -> None:
        self.gateway = StripeGateway()
        self.peer = running

    def made(self, order: Order) -> int:
        moving = ("processing", "requires_action", "pending")
        found = self.peer.movements(order.key, kind=order.kind)
        return len([movement for movement in found if movement["moved"] or movement["state"] in moving])

    def next_order(self, fault: str) -> None:
        self.peer.fault("POST /v1/", fault)

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        with override_settings(STRIPE_API_URL="http://127.0.0.1:9"):
            yield

    def pass_time(self) -> None:
        self.peer.settle()

    def webhooks(self, order: Order) -> list[Webhook]:
        return self.peer.notices_about(order.key, count=1)

    def old_webhook(self, order: Order) -> Webhook:
        return signed(self.webhooks(order)[0][1], at=int(time.time()) - 3600)

    def dispute(self, charge_ref: str, *, phase: str) -> str:
        status, moves = {
            "inquiry": ("warning_needs_response", []),
            "closed": ("warning_closed", []),
            "withdrawn": ("needs_response", [-1500]),
            "reinstated": ("won", [-1500, 1500]),
            "lost": ("lost", [-1500]),
        }[phase]
        asked = {"payment_intent": charge_ref, "status": status, "moves": moves}
        return str(httpx.post(f"{self.peer.url}/_stripe/disputes", json=asked).raise_for_status().json()["id"])


@pytest.fixture(scope="module")
def _stripe_process() -> Iterator[Running]:
    with peer("stripe", webhook_secret=SECRET, key=KEY) as running:
        yield running


@pytest.fixture
def stripe_peer(_stripe_process: Running) -> Iterator[Stripe]:
    """The adapter, pointed at the peer, which has no faults left from other tests."""
    _stripe_process.calm()
    with override_settings(STRIPE_API_URL=_stripe_process.url, **POINTED):
        assert not settings.STRIPE_SECRET_KEY.startswith("sk_live_")
        yield Stripe(_stripe_process)
