"""The sandbox provider: a pretended one, with a server of its own (``manage.py sandbox_gateway``) and real HTTP."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx
from django.conf import settings

from domains.payments.gateways.base import (
    Accepted,
    Address,
    Batch,
    BatchOutcome,
    Capabilities,
    Dispute,
    Facts,
    Gateway,
    NextAction,
    Notice,
    Order,
    Outcome,
    Pending,
    Rejected,
    Returned,
    StatementLine,
    Succeeded,
    Unknown,
)
from domains.payments.gateways.signatures import check_signature
from domains.payments.rules import SignatureInvalid
from kelmah import clock
from kelmah.errors import Unavailable
from kelmah.money import EXPONENTS, Money, UnknownCurrency

TIMEOUT: Final = 5.0  # seconds; what is not answered by then is unknown
_DEFINITIVE: Final = frozenset({400, 402, 422})
_KINDS: Final = ("charge", "payout", "refund", "dispute", "credit")
_NO_SUCH_THING: Final = Unknown(reason="no such thing", absent=True)
_ABOUT_THE_KEY: Final = frozenset({"idempotency_key_reused", "idempotency_key_in_use"})  # not about the order


T = TypeVar("T")


class SandboxGateway(Gateway):
    name = "sandbox"
    secrets = ("SANDBOX_GATEWAY_URL", "SANDBOX_WEBHOOK_SECRETS")
    capabilities = Capabilities(
        charges=frozenset(EXPONENTS),
        payouts=frozenset(EXPONENTS),
        remembers_keys=timedelta(hours=24),
        account="kelmah",
        live=False,
        refunds="partial",
        statements=True,
        names=True,
        disputes=True,
        balances=True,
        addresses=frozenset(EXPONENTS),
        payouts_per_batch=100,
    )

    def submit(self, order: Order) -> Outcome:
        return _ask("POST", f"/v1/{order.kind}s", json=_body(order), headers={"Idempotency-Key": str(order.key)})

    def query(self, order: Order) -> Outcome:
        return _ask("GET", f"/v1/{order.kind}s", params={"reference": str(order.key)})

    def fetch(self, kind: str, ref: str) -> Outcome:
        return _ask("GET", f"/v1/{kind}s/{ref}") if ref.isidentifier() else _NO_SUCH_THING

    def submit_payouts(self, batch: Batch) -> BatchOutcome:
        """Answered with what became of each; nothing is refused for what others in it are."""
        body, headers = {"payouts": [_body(order) for order in batch.orders]}, {"Idempotency-Key": str(batch.key)}
        answer = _answer("POST", "/v1/payout_batches", json=body, headers=headers)
        return answer if isinstance(answer, Unknown) else _read(_batch_outcome, answer)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        now = int(clock.now().timestamp())
        secrets = settings.SANDBOX_WEBHOOK_SECRETS
        check_signature(headers.get("Sandbox-Signature", ""), body, secrets=secrets, now=now)
        return notice_of(body)

    def fetch_dispute(self, ref: str) -> Dispute | Unknown:
        if not ref.isidentifier():
            return _NO_SUCH_THING
        answer = _answer("GET", f"/v1/disputes/{ref}")
        return answer if isinstance(answer, Unknown) else _read(_dispute, answer)

    def statement(self, day: date) -> list[StatementLine]:
        return [_line(line) for line in _wanted(f"/v1/statement?day={day}")["lines"]]

    def balance(self) -> list[Money]:
        return [Money(minor, currency) for currency, minor in sorted(_wanted("/v1/balance")["held"].items())]

    def name_of(self, instrument: str) -> str:
        if not instrument.isidentifier():
            return ""
        return str(_wanted(f"/v1/accounts/{instrument}", otherwise={"name": ""})["name"])

    def open_address(self, *, key: UUID, currency: str) -> Address:
        headers = {"Idempotency-Key": str(key)}
        opened = _wanted("/v1/addresses", method="POST", json={"currency": currency}, headers=headers)
        return Address(ref=str(opened["id"]), data={"account_number": str(opened["number"])})


def notice_of(body: bytes) -> Notice:
    """The claim of a body whose signature was checked before. Raises SignatureInvalid."""
    try:
        event = json.loads(body)
        kind, ref = event["object"]["kind"], event["object"]["id"]
        if kind not in _KINDS or not (isinstance(ref, str) and ref.isidentifier()):
            raise ValueError(ref)
        return Notice(event_id=str(event["id"]), account=str(event["account"]), kind=kind, ref=ref)
    except (ValueError, KeyError, TypeError):
        raise SignatureInvalid("The signed body is not an event.") from None


def control(method: str, what: str, wish: dict[str, Any] | None = None) -> None:
    """Have the sandbox go wrong, or right again: what its server takes under ``/_control/``. Raises Unavailable."""
    answer = _answer(method, f"/_control/{what}", json=wish)
    if isinstance(answer, Unknown) or answer.status_code != 200:
        raise Unavailable("The sandbox does not take it.", data={"retry_after": 60})


# Private functions


def _ask(method: str, path: str, **request: Any) -> Outcome:
    answer = _answer(method, path, **request)
    return answer if isinstance(answer, Unknown) else _read(_outcome, answer)


def _answer(method: str, path: str, **request: Any) -> httpx.Response | Unknown:
    try:
        response = _client(settings.SANDBOX_GATEWAY_URL).request(method, path, timeout=TIMEOUT, **request)
    except httpx.HTTPError as error:
        return Unknown(reason=type(error).__name__)
    return _NO_SUCH_THING if response.status_code == 404 else response


def _read(read: Callable[[int, dict[str, Any]], T], response: httpx.Response) -> T | Unknown:
    try:
        return read(response.status_code, response.json())
    except (ValueError, KeyError, TypeError, UnknownCurrency):
        return Unknown(reason=f"answered {response.status_code} with something unreadable")


def _wanted(
    path: str, *, method: str = "GET", otherwise: dict[str, Any] | None = None, **request: Any
) -> dict[str, Any]:
    """What is there, or ``otherwise`` when nothing is. Raises Unavailable when the provider can't say."""
    answer = _answer(method, path, **request)
    if isinstance(answer, Unknown) and answer.absent and otherwise is not None:
        return otherwise
    if isinstance(answer, Unknown) or answer.status_code != 200:
        raise Unavailable("The provider does not answer.", data={"retry_after": 60})
    try:
        return dict(answer.json())
    except ValueError:
        raise Unavailable("The provider answers with something unreadable.", data={"retry_after": 60}) from None


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


def _body(order: Order) -> dict[str, Any]:
    body = {"reference": str(order.key), "amount": order.amount.minor, "currency": order.amount.currency}
    return body | ({"charge": order.of} if order.kind == "refund" else {"instrument": order.instrument})


def _batch_outcome(status: int, answer: dict[str, Any]) -> BatchOutcome:
    if status != 200:
        told = _outcome(status, answer)
        return told if isinstance(told, Rejected) else Unknown(reason=f"answered {status}")
    told_of = {key: _told(thing) for thing in answer["payouts"] if (key := _key(thing["reference"]))}
    return Accepted(ref=str(answer["id"]), outcomes=told_of)


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
        of=str(thing.get("charge") or thing.get("address", "")),
    )
    match thing["status"]:
        case "succeeded":
            return Succeeded(facts=facts)
        case "pending":
            return Pending(facts=facts, next_action=_next_action(thing.get("next_action")))
        case "failed":
            return Rejected(code=str(thing["failure"]), facts=facts)
        case "returned":
            return Returned(facts=facts, code=str(thing["failure"]))
    raise ValueError(thing["status"])


def _next_action(wanted: dict[str, str] | None) -> NextAction | None:
    if not wanted:
        return None
    return NextAction(kind=wanted["kind"], data={name: text for name, text in wanted.items() if name != "kind"})


def _dispute(status: int, thing: dict[str, Any]) -> Dispute:
    if status != 200 or thing["status"] not in ("inquiry", "closed", "withdrawn", "reinstated", "lost"):
        raise ValueError(status)
    return Dispute(
        ref=str(thing["id"]),
        charge_ref=str(thing["charge"]),
        amount=Money.from_json(thing),
        phase=thing["status"],
        account=str(thing["account"]),
        live=bool(thing["live"]),
    )


def _line(line: dict[str, Any]) -> StatementLine:
    return StatementLine(
        line_id=line["id"],
        kind=line["kind"],
        ref=line["ref"],
        key=_key(line["reference"]) if line["kind"] != "dispute" else None,
        amount=Money(line["amount"], line["currency"]),
        fee=None,
        occurred_at=datetime.fromisoformat(line["at"]),
    )


def _key(reference: object) -> UUID | None:
    try:
        return UUID(str(reference))
    except ValueError:
        return None
