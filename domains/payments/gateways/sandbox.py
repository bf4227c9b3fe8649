"""The sandbox provider: a pretended one, with a server of its own (``manage.py sandbox_gateway``) and real HTTP."""

import json
from collections.abc import Mapping
from functools import cache
from uuid import UUID

import httpx
from django.conf import settings

from domains.payments.gateways.base import Gateway, Notice, Order, Outcome, Pending, Rejected, Succeeded, Unknown
from domains.payments.gateways.signatures import check_signature
from domains.payments.rules import SignatureInvalid
from kelmah import clock
from kelmah.money import Money

TIMEOUT = httpx.Timeout(5.0, connect=1.0)


class SandboxGateway(Gateway):
    name = "sandbox"

    def submit(self, order: Order) -> Outcome:
        body = {
            "reference": str(order.key),
            "amount": order.amount.minor,
            "currency": order.amount.currency,
            "instrument": order.instrument,
        }
        return self._ask("POST", f"/v1/{order.kind}s", json=body, headers={"Idempotency-Key": str(order.key)})

    def query(self, order: Order) -> Outcome:
        return self._ask("GET", f"/v1/{order.kind}s/by-reference/{order.key}")

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        now = int(clock.now().timestamp())
        secrets = settings.SANDBOX_WEBHOOK_SECRETS
        check_signature(headers.get("Sandbox-Signature", ""), body, secrets=secrets, now=now)
        try:
            event = json.loads(body)
            return Notice(event_id=str(event["id"]), kind=str(event["kind"]), key=UUID(event["reference"]))
        except (ValueError, KeyError, TypeError):
            raise SignatureInvalid("The signed body is not an event.") from None

    def _ask(self, method: str, path: str, **request: object) -> Outcome:
        try:
            response = _client(settings.SANDBOX_GATEWAY_URL).request(method, path, **request)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            return Unknown(reason=type(error).__name__)
        if response.status_code == 404:
            return Unknown(reason="no such order", absent=True)
        if response.status_code >= 500:
            return Unknown(reason=f"answered {response.status_code}")
        try:
            return _outcome(response.json())
        except (ValueError, KeyError, TypeError):
            return Unknown(reason=f"answered {response.status_code} with something unreadable")


@cache
def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=TIMEOUT)


def _outcome(answer: dict[str, object]) -> Outcome:
    ref, status = str(answer["id"]), answer["status"]
    if status == "succeeded":
        return Succeeded(ref=ref, amount=Money(int(str(answer["amount"])), str(answer["currency"])))
    if status == "pending":
        return Pending(ref=ref)
    if status == "failed":
        return Rejected(code=str(answer["failure"]), ref=ref)
    raise ValueError(status)
