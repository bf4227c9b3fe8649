"""Hubtel's direct receive money, send money and status checks, as its public documentation describes them.

Kept from there: four hosts (here one), requests taken with 0001 and decided later, references of at most 36 letters and
digits, "Unpaid" for what waits and for what failed, names in different cases, one unsigned callback by POST. Not said
there, and assumed: a reference used again is a validation error (4000), an unknown one a 404.

Plan: webhook_url, ``delay``. The last digit of a number says what happens: 0 fails, 1 waits until told to settle, 8 is
refused as not registered, 9 moves one pesewa less. To settle is to let an hour pass.
"""

import base64
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from flask import Response, jsonify, request

from kelmah import clock
from tests.peers.serving import Movement, Peer, plan_from, serve

CHANNELS: Final = ("mtn-gh", "vodafone-gh", "tigo-gh")
POS, DEPOSIT, ACCESS = "11684", "11691", "api-id:api-key"


@dataclass
class Transaction:
    kind: str
    body: dict[str, Any]
    minor: int
    end: str
    state: str = "pending"
    number: str = field(default_factory=lambda: secrets.token_hex(16))
    made: Any = field(default_factory=clock.now)

    @property
    def reference(self) -> str:
        return str(self.body["ClientReference"])

    @property
    def amount(self) -> float:
        return self.minor / 100


port, plan = plan_from()
transactions: dict[str, Transaction] = {}


def movements() -> list[Movement]:
    return [
        Movement(
            kind=each.kind,
            key=str(UUID(hex=each.reference)),
            ref=each.number,
            minor=each.minor,
            currency="GHS",
            state=each.state,
            moved=each.state == "success",
        )
        for each in list(transactions.values())
    ]


def settle() -> None:
    for each in list(transactions.values()):
        if each.state == "pending":
            _finish(each, each.end)
        each.made -= timedelta(hours=1)


peer = Peer("hubtel", movements, settle)
app = peer.app


@app.post("/merchantaccount/merchants/<account>/receive/mobilemoney")
def receive(account: str) -> tuple[Response, int]:
    return _entry(account == POS) or _take("charge", "CustomerMsisdn")


@app.post("/api/merchants/<account>/send/mobilemoney")
def send(account: str) -> tuple[Response, int]:
    return _entry(account == DEPOSIT) or _take("payout", "RecipientMsisdn", "RecipientName")


@app.get("/transactions/<account>/status")
def receive_status(account: str) -> tuple[Response, int]:
    found = transactions.get(request.args.get("clientReference", ""))
    if refusal := _entry(account == POS):
        return refusal
    if found is None or found.kind != "charge":
        return jsonify(message="Transaction not found", responseCode="3000", data=None), 404
    data = {
        "date": found.made.isoformat(timespec="microseconds").replace("+00:00", "4Z"),
        "status": "Paid" if found.state == "success" else "Unpaid",
        "transactionId": found.number,
        "externalTransactionId": "0000006824852622",
        "paymentMethod": "mobilemoney",
        "clientReference": found.reference,
        "currencyCode": None,
        "amount": found.amount,
        "charges": 0.02,
        "amountAfterCharges": round(found.amount - 0.02, 2),
        "isFulfilled": None,
    }
    return jsonify(message="Successful", responseCode="0000", data=data), 200


@app.get("/api/merchants/<account>/transactions/status")
def send_status(account: str) -> tuple[Response, int]:
    found = transactions.get(request.args.get("clientReference", ""))
    if refusal := _entry(account == DEPOSIT):
        return refusal
    if found is None or found.kind != "payout":
        return jsonify(ResponseCode="3000", Data=None), 404
    data = {
        "TransactionId": found.number,
        "networkTransactionId": "142116938399",
        "Amount": found.amount,
        "Fees": 0.01,
        "ClientReference": found.reference,
        "Channel": found.body["Channel"],
        "CustomerNumber": found.body["RecipientMsisdn"],
        "transactionStatus": found.state,
        "CreatedAt": found.made.strftime("%Y-%m-%d %H:%M:%S"),
    }
    return jsonify(ResponseCode="success", Data=data), 200


def _entry(known: bool) -> tuple[Response, int] | None:
    given = request.headers.get("Authorization", "").removeprefix("Basic ")
    if base64.b64decode(given).decode() != ACCESS:
        return jsonify(message="Unauthorized"), 401
    return None if known else _refuse(403, "4101", "The Business is not fully set up")


def _take(kind: str, number: str, *more: str) -> tuple[Response, int]:
    body = request.get_json(silent=True) or {}
    needed = (number, *more, "Channel", "Amount", "PrimaryCallbackURL", "Description", "ClientReference")
    amount = body.get("Amount")
    if any(not body.get(name) for name in needed) or not isinstance(amount, int | float):
        return _refuse(400, "4000", "Validation errors")
    good = (
        re.fullmatch(r"233\d{9}", str(body[number]))
        and re.fullmatch(r"[A-Za-z0-9]{1,36}", str(body["ClientReference"]))
        and body["Channel"] in CHANNELS
        and round(amount * 100, 6) == int(round(amount * 100, 6)) > 0
    )
    if not good:
        return _refuse(400, "4000", "Validation errors")
    if body[number].endswith("8"):
        return _refuse(400, "3050", "Mobile Number is not registered for Mobile Payment.")
    with peer.lock:
        if body["ClientReference"] in transactions:
            return _refuse(400, "4000", "ClientReference already exists")
        minor = round(amount * 100) - (1 if body[number].endswith("9") else 0)
        transactions[body["ClientReference"]] = made = Transaction(kind, body, minor, _end_of(body[number]))
    threading.Thread(target=_carry_out, args=(made, body[number][-1]), daemon=True).start()
    data = {"TransactionId": made.number, "ClientReference": made.reference, "Amount": made.amount, "Charges": 0.02}
    message = "Transaction pending. Expect callback request for final state"
    return jsonify(Message=message, ResponseCode="0001", Data=data), 200


def _refuse(status: int, code: str, message: str) -> tuple[Response, int]:
    return jsonify(Message=message, ResponseCode=code, Data=None), status


def _end_of(number: str) -> str:
    return "failed" if number.endswith("0") else "success"


def _carry_out(made: Transaction, digit: str) -> None:
    time.sleep(plan.get("delay", 0.05))
    if digit != "1":
        _finish(made, made.end)


def _finish(made: Transaction, state: str) -> None:
    with peer.lock:
        if made.state != "pending":
            return
        made.state = state
    data: dict[str, Any] = {
        "TransactionId": made.number,
        "ClientReference": made.reference,
        "Amount": made.amount,
        "Description": "The payment has been approved and processed successfully" if state == "success" else "FAILED",
        "ExternalTransactionId": "2116938399",
        "Charges": 0.02,
    }
    data |= {"AmountDebited": made.amount} if made.kind == "payout" else {"AmountCharged": made.amount}
    event = {"ResponseCode": "0000" if state == "success" else "2001", "Message": state, "Data": data}
    peer.notify(made.body["PrimaryCallbackURL"], json.dumps(event).encode(), {"Content-Type": "application/json"})


if __name__ == "__main__":
    serve(peer, port=port)
