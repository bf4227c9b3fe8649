"""The sandbox keeps the contract of all gateways."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from django.conf import settings
from django.test import override_settings

from domains.payments.gateways import Order
from domains.payments.gateways.sandbox import SandboxGateway
from domains.payments.gateways.signatures import sign
from tests.payments.gateways.contract import Contract
from tests.payments.gateways.subject import Subject, Webhook
from tests.payments.provider import DELAY, SECRET, Provider


class Sandbox(Subject):
    others = ("JPY", "KWD", "USD")
    instruments = {
        "pays": "tok_success",
        "declines": "tok_decline",
        "waits": "tok_three_d_secure",
        "receives": "acct_success",
        "refuses": "acct_reject",
        "returns": "acct_pending_returned",
    }
    names = {"acct_success": "Ama Mensah", "acct_named_kofi_boateng": "Kofi Boateng"}
    nobody = "acct_nobody"
    unsure = ("silence", "error", "garbage")  # its own server, which plans no others

    def __init__(self, provider: Provider) -> None:
        self.gateway = SandboxGateway()
        self.provider = provider

    def made(self, order: Order) -> int:
        answer = httpx.get(f"{self.provider.url}/v1/{order.kind}s", params={"reference": str(order.key)})
        return len([thing for thing in answer.json()["items"] if thing["status"] != "failed"])

    def next_order(self, fault: str) -> None:
        httpx.post(f"{self.provider.url}/_control/faults", json={"on": "POST /v1/", "does": fault}).raise_for_status()

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        with override_settings(SANDBOX_GATEWAY_URL="http://127.0.0.1:9"):
            yield

    def pass_time(self) -> None:
        time.sleep(DELAY)

    def webhooks(self, order: Order) -> list[Webhook]:
        return self.provider.webhooks_about(order.key, count=1)

    def old_webhook(self, order: Order) -> Webhook:
        _, body = self.webhooks(order)[0]
        return {"Sandbox-Signature": sign(settings.SANDBOX_WEBHOOK_SECRETS[0], body, at=int(time.time()) - 3600)}, body

    def dispute(self, charge_ref: str, *, phase: str) -> str:
        ref, path = "", {one: [one] for one in ("inquiry", "closed", "withdrawn")}.get(phase, ["withdrawn", phase])
        for each in path:
            wish = {"charge": charge_ref, "phase": each, "ref": ref}
            ref = httpx.post(f"{self.provider.url}/_control/disputes", json=wish).json()["id"]
        return ref

    def paid_into(self, address: str, *, minor: int) -> Webhook:
        return self.provider.webhooks_about(self.provider.pay(address, minor), count=1)[0]


class TestSandbox(Contract):
    @pytest.fixture
    def subject(self, provider: Provider, impatient: None) -> Sandbox:
        assert settings.SANDBOX_WEBHOOK_SECRETS[0] == SECRET
        return Sandbox(provider)
