"""MTN Mobile Money, by its Open API: collection, disbursement, refund (docs/gateways/mtn_momo.md).

An order is taken with 202 and carried out later, so the truth is polled; the callback comes once, unsigned, or never.
"""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx
from django.conf import settings

from domains.payments.gateways.base import (
    Capabilities,
    Facts,
    Gateway,
    NextAction,
    Notice,
    Order,
    Outcome,
    Pending,
    Rejected,
    Succeeded,
    Unknown,
)
from domains.payments.gateways.calling import NoAnswer, NoSense, object_in, wanted
from domains.payments.gateways.mtn_momo_products import Product, ask
from domains.payments.gateways.unsigned import read_unsigned
from domains.payments.rules import SignatureInvalid
from domains.payments.rules.decimals import decimal_of, money_of
from kelmah.errors import Unavailable
from kelmah.money import Money

_PRODUCTS: Final[Mapping[str, tuple[Product, str]]] = {
    "charge": ("collection", "requesttopay"),
    "payout": ("disbursement", "transfer"),
    "refund": ("disbursement", "refund"),
}
# Said with a 500, but of the request itself: nothing was queued.
_REFUSED: Final = frozenset(
    {"INVALID_CALLBACK_URL_HOST", "INVALID_CURRENCY", "NOT_ALLOWED", "NOT_ALLOWED_TARGET_ENVIRONMENT"}
)
_APPROVE: Final = NextAction(kind="approve_on_phone", data={})


class MtnMomoGateway(Gateway):
    name = "mtn_momo"
    secrets = (
        "MTN_MOMO_COLLECTION_SUBSCRIPTION_KEY",
        "MTN_MOMO_COLLECTION_API_USER",
        "MTN_MOMO_COLLECTION_API_KEY",
        "MTN_MOMO_DISBURSEMENT_SUBSCRIPTION_KEY",
        "MTN_MOMO_DISBURSEMENT_API_USER",
        "MTN_MOMO_DISBURSEMENT_API_KEY",
    )

    @property
    def capabilities(self) -> Capabilities:
        currency = frozenset({settings.MTN_MOMO_CURRENCY})
        return Capabilities(
            charges=currency,
            payouts=currency,
            remembers_keys=timedelta(hours=24),
            account=settings.MTN_MOMO_COLLECTION_API_USER,
            live=settings.MTN_MOMO_TARGET_ENVIRONMENT != "sandbox",
            refunds="partial",
            webhooks="unsigned",
            names=True,
            balances=True,
        )

    def submit(self, order: Order) -> Outcome:
        product, path = _PRODUCTS[order.kind]
        headers = {"X-Reference-Id": reference_of(order.key)}
        if settings.MTN_MOMO_CALLBACK_URL:
            headers["X-Callback-Url"] = settings.MTN_MOMO_CALLBACK_URL
        try:
            answer = ask(product, "POST", f"/v1_0/{path}", headers=headers, json=_body_of(order))
            if answer.status_code == 202:
                return Pending(facts=_ordered(order), next_action=_APPROVE if order.kind == "charge" else None)
            if answer.status_code == 409:
                return self.query(order)  # it came before: what matters is what became of it
            return self._refused(order, answer)
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def query(self, order: Order) -> Outcome:
        return self.fetch(order.kind, reference_of(order.key))

    def fetch(self, kind: str, ref: str) -> Outcome:
        product, path = _PRODUCTS[kind]
        if not _is_reference(ref):
            return Unknown(reason="no reference of MTN")
        try:
            answer = ask(product, "GET", f"/v1_0/{path}/{ref}")
            if answer.status_code == 200:
                return _told(object_in(answer), ref=ref)
            absent = answer.status_code == 404 and _code_in(answer) == "RESOURCE_NOT_FOUND"
            return Unknown(reason=f"answered {answer.status_code}", absent=absent)
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        try:
            external = str(read_unsigned(body)["externalId"])
        except (KeyError, TypeError):
            raise SignatureInvalid("The body is not a callback of MTN.") from None
        kind, key = _order_named(external)
        if key is None:
            return None
        return Notice(
            event_id=hashlib.sha256(body).hexdigest(),  # it has no id: an invented one must not shadow the real one
            account=settings.MTN_MOMO_COLLECTION_API_USER,
            kind=kind,
            ref=reference_of(key),
            key=key,
        )

    def balance(self) -> list[Money]:
        sums: dict[str, Money] = {}
        for product in ("collection", "disbursement"):
            account = _answered(product, "/v1_0/account/balance")
            amount = money_of(str(account.get("availableBalance")), str(account.get("currency")))
            sums[amount.currency] = sums.get(amount.currency, Money(0, amount.currency)) + amount
        return list(sums.values())

    def name_of(self, instrument: str) -> str:
        person = _answered("disbursement", f"/v1_0/accountholder/msisdn/{instrument}/basicuserinfo")
        names = (person.get("given_name"), person.get("family_name"))
        return " ".join(str(name) for name in names if name)

    def _refused(self, order: Order, answer: httpx.Response) -> Outcome:
        """A refusal of the request itself; it says nothing about an earlier attempt, so that is looked for first."""
        code = _code_in(answer)
        if answer.status_code != 400 and not (answer.status_code == 500 and code in _REFUSED):
            return Unknown(reason=f"answered {answer.status_code}: {code}")
        earlier = self.query(order)
        if isinstance(earlier, Unknown) and earlier.absent:
            return Rejected(code=(code or "bad_request").lower())
        return earlier


def reference_of(key: UUID) -> str:
    """The X-Reference-Id of an order: its key, marked as version 4, which is all that MTN takes."""
    return str(UUID(int=key.int & ~(0xF << 76) | 0x4 << 76))


# Private functions


def _body_of(order: Order) -> dict[str, Any]:
    body: dict[str, Any] = {
        "amount": decimal_of(order.amount),
        "currency": order.amount.currency,
        "externalId": f"{order.kind}-{order.key}",
        "payerMessage": "Kelmah",
        "payeeNote": "Kelmah",
    }
    if order.kind == "refund":
        return body | {"referenceIdToRefund": order.of}
    party = {"partyIdType": "MSISDN", "partyId": order.instrument}
    return body | {"payer" if order.kind == "charge" else "payee": party}


def _ordered(order: Order) -> Facts:
    return _facts(ref=reference_of(order.key), key=order.key, amount=order.amount, of=order.of)


def _facts(*, ref: str, key: UUID | None, amount: Money, of: str = "") -> Facts:
    """An answer names no merchant: whoever may ask is the one whose object it is."""
    return Facts(
        ref=ref,
        key=key,
        amount=amount,
        account=settings.MTN_MOMO_COLLECTION_API_USER,
        live=settings.MTN_MOMO_TARGET_ENVIRONMENT != "sandbox",
        of=of,
    )


def _told(thing: Mapping[str, Any], *, ref: str) -> Outcome:
    try:
        kind, key = _order_named(str(thing.get("externalId")))
        facts = _facts(ref=ref, key=key, amount=money_of(str(thing["amount"]), str(thing["currency"])))
        match thing["status"]:
            case "SUCCESSFUL":
                return Succeeded(facts=facts)
            case "PENDING":
                return Pending(facts=facts, next_action=_APPROVE if kind == "charge" else None)
            case "FAILED":
                return Rejected(code=_reason_in(thing).lower(), facts=facts)
        return Unknown(reason=f"its status is {thing['status']!r}")
    except (KeyError, ValueError) as error:
        return Unknown(reason=f"an answer without sense: {error}")


def _is_reference(ref: str) -> bool:
    try:
        return str(UUID(ref)) == ref
    except ValueError:
        return False


def _reason_in(thing: Mapping[str, Any]) -> str:
    """Published as an object with a code, sent as a plain text."""
    reason = thing.get("reason") or "FAILED"
    return str(reason.get("code")) if isinstance(reason, dict) else str(reason)


def _order_named(external: str) -> tuple[str, UUID | None]:
    kind, _, key = external.partition("-")
    try:
        return kind, UUID(key) if kind in _PRODUCTS else None
    except ValueError:
        return kind, None


def _code_in(answer: httpx.Response) -> str:
    try:
        return str(object_in(answer).get("code", ""))
    except NoSense:
        return ""


def _answered(product: Product, path: str) -> dict[str, Any]:
    """What it says of a thing; empty when there is no such thing. Raises Unavailable."""
    answer = wanted("MTN", lambda: ask(product, "GET", path))
    if answer.status_code == 404:
        return {}
    if answer.status_code == 200:
        return wanted("MTN", lambda: object_in(answer))
    raise Unavailable(f"MTN answered {answer.status_code}.")
