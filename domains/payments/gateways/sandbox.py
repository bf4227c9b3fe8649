"""The sandbox provider: a pretended one, with a server of its own (``manage.py sandbox_gateway``) and real HTTP."""

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import httpx
from django.conf import settings

from domains.payments.gateways.base import (
    Capabilities,
    Facts,
    Gateway,
    Notice,
    Order,
    Outcome,
    Pending,
    Rejected,
    Returned,
    Succeeded,
    Unknown,
)
from domains.payments.gateways.signatures import check_signature
from domains.payments.rules import SignatureInvalid
from kelmah import clock
from kelmah.money import EXPONENTS, Money, UnknownCurrency

TIMEOUT: Final = 5.0  # seconds; what is not answered by then is unknown
_DEFINITIVE: Final = frozenset({400, 402, 422})
_ABOUT_THE_KEY: Final = frozenset({"idempotency_key_reused", "idempotency_key_in_use"})  # not about the order


class SandboxGateway(Gateway):
    name = "sandbox"
    capabilities = Capabilities(
        charges=frozenset(EXPONENTS),
        payouts=frozenset(EXPONENTS),
        remembers_keys=timedelta(hours=24),
        account="kelmah",
        live=False,
    )

    def submit(self, order: Order) -> Outcome:
        body = {
            "reference": str(order.key),
            "amount": order.amount.minor,
            "currency": order.amount.currency,
            "instrument": order.instrument,
        }
        return _ask("POST", f"/v1/{order.kind}s", json=body, headers={"Idempotency-Key": str(order.key)})

    def query(self, order: Order) -> Outcome:
        return _ask("GET", f"/v1/{order.kind}s", params={"reference": str(order.key)})

    def fetch(self, kind: str, ref: str) -> Outcome:
        return _ask("GET", f"/v1/{kind}s/{ref}")

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        now = int(clock.now().timestamp())
        secrets = settings.SANDBOX_WEBHOOK_SECRETS
        check_signature(headers.get("Sandbox-Signature", ""), body, secrets=secrets, now=now)
        return notice_of(body)


def notice_of(body: bytes) -> Notice:
    """The claim of a body whose signature was checked before. Raises SignatureInvalid."""
    try:
        event = json.loads(body)
        kind, ref = event["object"]["kind"], event["object"]["id"]
        if kind not in ("charge", "payout") or not (isinstance(ref, str) and ref.isidentifier()):
            raise ValueError(ref)
        return Notice(event_id=str(event["id"]), account=str(event["account"]), kind=kind, ref=ref)
    except (ValueError, KeyError, TypeError):
        raise SignatureInvalid("The signed body is not an event.") from None


# Private functions


def _ask(method: str, path: str, **request: Any) -> Outcome:
    try:
        response = _client(settings.SANDBOX_GATEWAY_URL).request(method, path, timeout=TIMEOUT, **request)
    except httpx.HTTPError as error:
        return Unknown(reason=type(error).__name__)
    if response.status_code == 404:
        return Unknown(reason="no such thing", absent=True)
    try:
        return _outcome(response.status_code, response.json())
    except (ValueError, KeyError, TypeError, UnknownCurrency):
        return Unknown(reason=f"answered {response.status_code} with something unreadable")


@cache
def _client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url)


def _outcome(status: int, answer: dict[str, Any]) -> Outcome:
    if "items" in answer:
        return _best(answer["items"])
    if status == 200:
        return _told(answer)
    code = str(answer["error"]["code"])
    if status in _DEFINITIVE and code not in _ABOUT_THE_KEY:
        return Rejected(code=code)
    return Unknown(reason=f"answered {status}: {code}")


def _best(things: list[dict[str, Any]]) -> Outcome:
    """Of several objects for one order (the provider erred) the first that is done; webhooks tell of the rest."""
    if not things:
        return Unknown(reason="no such order", absent=True)
    done = [thing for thing in things if thing["status"] == "succeeded"]
    return _told((done or things)[0])


def _told(thing: dict[str, Any]) -> Outcome:
    facts = Facts(
        ref=str(thing["id"]),
        key=_key(thing["reference"]),
        amount=Money.from_json(thing),
        account=str(thing["account"]),
        live=bool(thing["live"]),
    )
    match thing["status"]:
        case "succeeded":
            return Succeeded(facts=facts)
        case "pending":
            return Pending(facts=facts)
        case "failed":
            return Rejected(code=str(thing["failure"]), facts=facts)
        case "returned":
            return Returned(facts=facts, code=str(thing["failure"]))
    raise ValueError(thing["status"])


def _key(reference: object) -> UUID | None:
    try:
        return UUID(str(reference))
    except ValueError:
        return None
