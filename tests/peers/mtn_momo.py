"""MTN MoMo Open API, as momodeveloper.mtn.com describes it: products, their operations, and its sandbox's numbers.

Kept from there: tokens per product; 202, then poll; X-Reference-Id of version 4 only, its second use a 409; errors of
the request that come as 500; one callback by PUT, unsigned, never repeated; reasons as plain texts; amounts as texts.

Plan: webhook_url, currency, environment, keys per product, ``token_seconds``, ``delay`` (seconds until a payment is
carried out), ``balance``. Not MTN's: 46733123499 pays one minor unit less.
"""

import base64
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from tests.peers.serving import Movement, Peer, plan_from, serve

_FAILS = {
    "requesttopay": {
        "46733123450": "INTERNAL_PROCESSING_ERROR",
        "46733123451": "APPROVAL_REJECTED",
        "46733123452": "EXPIRED",
        "46733123455": "PAYER_NOT_FOUND",
        "46733123456": "PAYEE_NOT_ALLOWED_TO_RECEIVE",
        "46733123463": "COULD_NOT_PERFORM_TRANSACTION",
    },
    "transfer": {
        "46733123450": "INTERNAL_PROCESSING_ERROR",
        "46733123451": "APPROVAL_REJECTED",
        "46733123452": "EXPIRED",
        "46733123455": "NOT_ENOUGH_FUNDS",
        "46733123456": "PAYER_LIMIT_REACHED",
        "46733123457": "PAYEE_NOT_FOUND",
    },
}
_REFUSED = {
    "requesttopay": {"46733123457": "NOT_ALLOWED", "46733123460": "INVALID_CURRENCY"},
    "transfer": {"46733123458": "NOT_ALLOWED", "46733123461": "INVALID_CURRENCY"},
}
_WAITS = {"46733123453": "SUCCESSFUL", "46733123454": "FAILED"}
_LESS = "46733123499"
_KINDS = {"requesttopay": "charge", "transfer": "payout", "refund": "refund"}
_FIELDS = {
    "requesttopay": {"amount", "currency", "externalId", "payer", "payerMessage", "payeeNote"},
    "transfer": {"amount", "currency", "externalId", "payee", "payerMessage", "payeeNote"},
    "refund": {"amount", "currency", "externalId", "referenceIdToRefund", "payerMessage", "payeeNote"},
}
_PEOPLE = {"233240000001": ("Ama", "Mensah"), "233240000002": ("Kofi", "Boateng")}


@dataclass
class Transaction:
    what: str
    ref: str
    body: dict[str, Any]
    amount: str
    callback: str
    status: str = "PENDING"
    reason: str = ""
    receipt: str = field(default_factory=lambda: str(secrets.randbelow(10**9)))

    def shown(self) -> dict[str, Any]:
        shown = {key: value for key, value in self.body.items() if key != "referenceIdToRefund"} | {
            "amount": self.amount,
            "status": self.status,
        }
        if self.status == "SUCCESSFUL":
            shown["financialTransactionId"] = self.receipt
        return shown | ({"reason": self.reason} if self.reason else {})


port, plan = plan_from()
CURRENCY, ENVIRONMENT = plan.get("currency", "GHS"), plan.get("environment", "mtnghana")
DIGITS = plan.get("digits", 2)
DELAY = plan.get("delay", 0.05)
transactions: dict[str, Transaction] = {}
tokens: dict[str, tuple[str, float]] = {}


def movements() -> list[Movement]:
    return [
        Movement(
            kind=_KINDS[each.what],
            key=each.body["externalId"].removeprefix(f"{_KINDS[each.what]}-"),
            ref=each.ref,
            minor=int(Decimal(each.amount).scaleb(DIGITS)),
            currency=each.body["currency"],
            state=each.status,
            moved=each.status == "SUCCESSFUL",
        )
        for each in list(transactions.values())
    ]


def settle() -> None:
    for each in list(transactions.values()):
        if each.status == "PENDING":
            _finish(each, *_end_of(each))


peer = Peer("mtn_momo", movements, settle)
app = peer.app


@app.post("/<product>/token/")
def token(product: str) -> tuple[Response, int]:
    if refusal := _subscription(product):
        return refusal
    basic = base64.b64encode(f"{_key(product, 'user')}:{_key(product, 'key')}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {basic}":
        return jsonify(error="login_failed"), 401
    access, seconds = secrets.token_urlsafe(24), plan.get("token_seconds", 3600)
    tokens[access] = (product, time.monotonic() + seconds)
    return jsonify(access_token=access, token_type="access_token", expires_in=seconds), 200


@app.post("/<product>/v1_0/<what>")
def create(product: str, what: str) -> tuple[Response | str, int]:
    if refusal := _entry(product):
        return refusal
    if what not in _KINDS or product != ("collection" if what == "requesttopay" else "disbursement"):
        return _error(404, "RESOURCE_NOT_FOUND", "Requested resource was not found.")
    ref, body = request.headers.get("X-Reference-Id", ""), request.get_json(silent=True)
    if not _is_version_4(ref) or not isinstance(body, dict) or not _well_formed(what, body):
        return _error(400, "", "Bad request. Request does not follow the specification.")
    callback = request.headers.get("X-Callback-Url", "")
    with peer.lock:
        if ref in transactions:
            return _error(409, "RESOURCE_ALREADY_EXIST", "Duplicated reference id. Creation of resource failed.")
        if callback and not callback.startswith(plan.get("webhook_url", "")):
            return _error(500, "INVALID_CALLBACK_URL_HOST", "Callback URL with different host name then configured.")
        if body["currency"] != CURRENCY:
            return _error(500, "INVALID_CURRENCY", "Currency not supported.")
        if code := _REFUSED.get(what, {}).get(_party(body)):
            return _error(500, code, "Authorization failed.")
        if what == "refund" and not _refundable(body):
            return _error(400, "", "Bad request. There is nothing to refund.")
        made = Transaction(what, ref, body, _amount(body), callback)
        transactions[ref] = made
    threading.Thread(target=_carry_out, args=(made,), daemon=True).start()
    return "", 202


@app.get("/<product>/v1_0/<what>/<ref>")
def status(product: str, what: str, ref: str) -> tuple[Response, int]:
    if refusal := _entry(product):
        return refusal
    found = transactions.get(ref)
    if found is None or found.what != what:
        return _error(404, "RESOURCE_NOT_FOUND", "Requested resource was not found.")
    return jsonify(found.shown()), 200


@app.get("/<product>/v1_0/account/balance")
def balance(product: str) -> tuple[Response, int]:
    if refusal := _entry(product):
        return refusal
    signs = {"charge": 1} if product == "collection" else {"payout": -1, "refund": -1}
    moved = sum(each.minor * signs.get(each.kind, 0) for each in movements() if each.moved)
    held = Decimal(plan.get("balance", {}).get(product, "0")) + Decimal(moved).scaleb(-DIGITS)
    return jsonify(availableBalance=str(held), currency=CURRENCY), 200


@app.get("/<product>/v1_0/accountholder/msisdn/<number>/basicuserinfo")
def person(product: str, number: str) -> tuple[Response, int]:
    if refusal := _entry(product):
        return refusal
    if number not in _PEOPLE:
        return _error(404, "RESOURCE_NOT_FOUND", "Requested resource was not found.")
    given, family = _PEOPLE[number]
    return jsonify(given_name=given, family_name=family, birthdate="1990-01-01", locale="sv_SE", status="ACTIVE"), 200


def _key(product: str, what: str) -> str:
    return plan.get(product, {}).get(what, f"{product}-{what}")


def _subscription(product: str) -> tuple[Response, int] | None:
    if request.headers.get("Ocp-Apim-Subscription-Key") == _key(product, "subscription"):
        return None
    return jsonify(statusCode=401, message="Access denied due to invalid subscription key."), 401


def _entry(product: str) -> tuple[Response, int] | None:
    if refusal := _subscription(product):
        return refusal
    scheme, _, access = request.headers.get("Authorization", "").partition(" ")
    owner, until = tokens.get(access, ("", 0.0))
    if scheme != "Bearer" or owner != product or until < time.monotonic():
        return jsonify(statusCode=401, message="Unauthorized"), 401
    if request.headers.get("X-Target-Environment") != ENVIRONMENT:
        return _error(500, "NOT_ALLOWED_TARGET_ENVIRONMENT", "Access to target environment is forbidden.")
    return None


def _error(status: int, code: str, message: str) -> tuple[Response, int]:
    return jsonify({"code": code, "message": message} if code else {"message": message}), status


def _is_version_4(ref: str) -> bool:
    try:
        return str(UUID(ref)) == ref and UUID(ref).version == 4
    except ValueError:
        return False


def _well_formed(what: str, body: dict[str, Any]) -> bool:
    number = _party(body)
    return (
        body.keys() == _FIELDS[what]
        and isinstance(body["amount"], str)
        and re.fullmatch(r"\d+(\.\d{1,2})?", body["amount"]) is not None
        and Decimal(body["amount"]) > 0
        and -int(Decimal(body["amount"]).as_tuple().exponent) <= DIGITS
        and all(re.fullmatch(r"[\w .-]{0,160}", body[text]) for text in ("payerMessage", "payeeNote", "externalId"))
        and (what == "refund" or re.fullmatch(r"[1-9]\d{7,14}", number) is not None)
    )


def _party(body: dict[str, Any]) -> str:
    return str((body.get("payer") or body.get("payee") or {}).get("partyId", ""))


def _amount(body: dict[str, Any]) -> str:
    if _party(body) == _LESS:
        return str(Decimal(body["amount"]) - Decimal(1).scaleb(-DIGITS))
    return body["amount"]


def _refundable(body: dict[str, Any]) -> bool:
    charge = transactions.get(body["referenceIdToRefund"])
    if charge is None or charge.what != "requesttopay" or charge.status != "SUCCESSFUL":
        return False
    given_back = sum(
        Decimal(each.amount)
        for each in transactions.values()
        if each.body.get("referenceIdToRefund") == charge.ref and each.status != "FAILED"
    )
    return given_back + Decimal(body["amount"]) <= Decimal(charge.amount)


def _carry_out(made: Transaction) -> None:
    time.sleep(DELAY)
    if _party(made.body) not in _WAITS:
        _finish(made, *_end_of(made))


def _end_of(made: Transaction) -> tuple[str, str]:
    number = _party(made.body)
    reason = _FAILS.get(made.what, {}).get(number, "")
    if _WAITS.get(number) == "FAILED":
        reason = "COULD_NOT_PERFORM_TRANSACTION"
    return ("FAILED" if reason else "SUCCESSFUL"), reason


def _finish(made: Transaction, status: str, reason: str) -> None:
    with peer.lock:
        if made.status != "PENDING":
            return
        made.status, made.reason = status, reason
    if made.callback:
        body = json.dumps(made.shown()).encode()
        peer.notify(made.callback, body, {"Content-Type": "application/json"}, method="PUT")


if __name__ == "__main__":
    serve(peer, port=port)
