"""Paystack's API, as its public OpenAPI document, response samples and guides describe it.

Kept from there: references used once per kind, a second use refused with 400; transactions "abandoned" from their
first moment; an existing recipient given again; bulks of up to 100 transfers, each with its own reference; transfers
that are reversed after success; refunds without a reference; amounts in subunits; webhooks without an id or a time,
signed HMAC-SHA512 with the secret key, repeated until answered.

Plan: webhook_url, key, integration, ``delay`` (seconds until something is carried out), ``takes_days`` (how long before
that refunds and transfers say that they were asked for). What happens is chosen by the last digit of a phone or account
number: 0 fails, 1 waits (until told to settle), 2 is reversed once told to settle, 3 waits for a one-time password, 9
moves one subunit less; any other goes well. At the checkout the payer decides:
POST /pay/{access code} {"status": "success" | "failed"}.
"""

import re
import secrets
import threading
from datetime import datetime
from typing import Any, Final

from flask import Response, jsonify, request

from tests.peers.paystack_books import (
    INTEGRATION,
    KEY,
    Thing,
    carry_out,
    carry_out_refund,
    disputes,
    domain,
    end,
    made,
    new_id,
    new_transaction,
    peer,
    plan,
    port,
    recipients,
    refunds,
    shown,
    tell,
    transactions,
    transfers,
)
from tests.peers.serving import serve

CURRENCIES: Final = ("GHS", "NGN", "KES", "ZAR", "USD")
PEOPLE: Final = {"0551234987": "Ama Mensah", "01000000014": "Kofi Boateng"}
RESOLUTIONS: Final = {"lost": "merchant-accepted", "reinstated": "declined"}
_SPAN: Final = (("from", "2000-01-01T00:00:00+00:00"), ("to", "2100-01-01T00:00:00+00:00"))

app = peer.app
codes: dict[str, str] = {}
bulk_plan: dict[str, str] = {}


@app.before_request
def access() -> tuple[Response, int] | None:
    if request.path.startswith(("/_control", "/pay/")) or request.headers.get("Authorization") == f"Bearer {KEY}":
        return None
    return _refuse(401, "invalid_Key", "Invalid key")


@app.post("/transaction/initialize")
@app.post("/charge")
def charge() -> tuple[Response, int]:
    body = _body()
    if not _is_amount(body) or "@" not in str(body.get("email")):
        return _refuse(400, "invalid_params", "Invalid Amount Sent")
    if body.get("currency") not in CURRENCIES:
        return _refuse(403, "unsupported_currency", "Currency not supported by merchant")
    reference = body.get("reference") or secrets.token_hex(8)
    if not re.fullmatch(r"[A-Za-z0-9=.-]+", reference):
        return _refuse(400, "invalid_params", "Transaction reference is invalid")
    wallet = body.get("mobile_money")
    if request.path == "/charge" and not (wallet and wallet.get("provider") in ("mtn", "atl", "vod")):
        return _refuse(400, "invalid_params", "Specify a payment channel")
    with peer.lock:
        if reference in transactions:
            return _refuse(400, "duplicate_reference", "Duplicate Transaction Reference")
        thing = new_transaction(body, reference, str(wallet["phone"])[-1] if wallet else "")
        transactions[reference] = thing
    if wallet is None:
        code = secrets.token_hex(8)
        codes[code] = reference
        url = f"{request.host_url}pay/{code}"
        return _say("Authorization URL created", authorization_url=url, access_code=code, reference=reference)
    threading.Thread(target=carry_out, args=(thing,), daemon=True).start()
    if wallet["provider"] == "vod":
        text = "Please dial *110# to generate a voucher code. Then input the voucher"
        return _say("Charge attempted", reference=reference, status="send_otp", display_text=text)
    text = "Please complete authorization process on your mobile phone"
    return _say("Charge attempted", reference=reference, status="pay_offline", display_text=text)


@app.post("/pay/<code>")
def payer(code: str) -> tuple[str, int]:
    end(transactions[codes[code]], _body()["status"])
    return "", 204


@app.get("/transaction/verify/<reference>")
def verify(reference: str) -> tuple[Response, int]:
    if reference not in transactions:
        return _refuse(400, "transaction_not_found", "Transaction reference not found.")
    return _say("Verification successful", **shown(transactions[reference]))


@app.post("/transferrecipient")
def recipient() -> tuple[Response, int]:
    made, issue = _recipient(_body())
    return _say("Transfer recipient created successfully", **made) if made else _refuse(400, "invalid_params", issue)


@app.post("/transferrecipient/bulk")
def recipients_in_bulk() -> tuple[Response, int]:
    """Those that are good are made, the others are listed as errors."""
    tried = [_recipient(each) for each in _body().get("batch") or []]
    done = [made for made, _ in tried if made]
    return _say("Recipients added successfully", success=done, errors=[issue for _, issue in tried if issue])


@app.post("/transfer")
def transfer() -> tuple[Response, int]:
    body = _body()
    if body.get("source") != "balance":
        return _refuse(400, "invalid_params", "Invalid transfer")
    with peer.lock:
        if issue := _issue_with(body):
            return _refuse(400, *issue)
        thing = _queued(body, body["currency"])
    threading.Thread(target=carry_out, args=(thing,), daemon=True).start()
    return _say("Transfer has been queued", **shown(thing))


@app.post("/transfer/bulk")
def bulk() -> tuple[Response, int]:
    """All or none is queued; what is listed says little of each."""
    body = _body()
    wanted = body.get("transfers") or []
    references = {each.get("reference") for each in wanted}
    if body.get("source") != "balance" or not 0 < len(references) == len(wanted) <= 100:
        return _refuse(400, "invalid_params", "Invalid transfers")
    with peer.lock:
        for each in wanted:
            if issue := _issue_with(each):
                return _refuse(400, *issue)
        forgotten = bulk_plan.pop("forgets", "none")
        things = [_queued(each, body["currency"]) for each in wanted if _digit_of(each) != forgotten]
    for thing in things:
        threading.Thread(target=carry_out, args=(thing,), daemon=True).start()
    names = ("reference", "amount", "transfer_code", "currency")
    listed = [{name: thing[name] for name in names} | {"status": "received"} for thing in things]
    return jsonify(status=True, message=f"{len(listed)} transfers queued.", data=listed), 200


@app.post("/_control/bulk")
def plan_the_bulk() -> tuple[str, int]:
    """{"forgets": "7"}: the next bulk leaves out transfers to accounts that end so, without a word."""
    bulk_plan.update(_body())
    return "", 204


@app.get("/transfer/verify/<reference>")
def verify_transfer(reference: str) -> tuple[Response, int]:
    if reference not in transfers:
        return _refuse(404, "transfer_not_found", "Transfer not found")
    return _say("Transfer retrieved", **shown(transfers[reference]))


@app.get("/transaction/<int:number>")
def fetch_transaction(number: int) -> tuple[Response, int]:
    found = next((each for each in transactions.values() if each["id"] == number), None)
    return (
        _say("Transaction retrieved", **shown(found)) if found else _refuse(404, "transaction_not_found", "Not found")
    )


@app.post("/refund")
def refund() -> tuple[Response, int]:
    body = _body()
    charged = transactions.get(str(body.get("transaction")))
    with peer.lock:
        if charged is None or charged["status"] not in ("success", "reversed"):
            return _refuse(404, "transaction_not_found", "Transaction not found")
        amount = int(body.get("amount") or charged["amount"])
        given = sum(each["amount"] for each in refunds.values() if each["transaction"] == charged["id"])
        if given + amount > charged["amount"]:
            return _refuse(400, "invalid_params", "Refund amount cannot be more than the transaction amount")
        thing = {
            "id": new_id(),
            "transaction": charged["id"],
            "_reference": charged["reference"],
            "amount": amount,
            "currency": charged["currency"],
            "integration": INTEGRATION,
            "domain": domain(),
            "merchant_note": body.get("merchant_note") or f"Refund for transaction {charged['reference']}",
            "status": "pending",
            "refunded_at": None,
            "createdAt": made(),
        }
        refunds[thing["id"]] = thing
    threading.Thread(target=carry_out_refund, args=(thing,), daemon=True).start()
    answer = shown(thing) | {"transaction": {"id": charged["id"], "reference": charged["reference"]}}
    return _say("Refund has been queued for processing", **answer)


@app.get("/refund/<int:number>")
def fetch_refund(number: int) -> tuple[Response, int]:
    if number not in refunds:
        return _refuse(404, "refund_not_found", "Refund not found")
    return _say("Refund retrieved", **shown(refunds[number]))


@app.get("/dispute/<int:number>")
def fetch_dispute(number: int) -> tuple[Response, int]:
    if number not in disputes:
        return _refuse(404, "dispute_not_found", "Dispute not found")
    return _say("Dispute retrieved", **disputes[number])


@app.get("/transaction")
@app.get("/transfer")
@app.get("/refund")
def listing() -> tuple[Response, int]:
    """Newest first, a page of at most 100, between two moments of making."""
    things = {"/transaction": transactions, "/transfer": transfers, "/refund": refunds}[request.path]
    since, until = (datetime.fromisoformat(request.args.get(name, usual)) for name, usual in _SPAN)
    made = [
        each
        for each in reversed(list(things.values()))
        if since <= datetime.fromisoformat(each.get("created_at") or each["createdAt"]) < until
    ]
    size, page = min(int(request.args.get("perPage", 50)), plan.get("page", 100)), int(request.args.get("page", 1))
    data = [shown(each) for each in made[(page - 1) * size : page * size]]
    meta = {"total": len(made), "page": page, "perPage": size, "pageCount": -(-len(made) // size)}
    return jsonify(status=True, message="Retrieved", data=data, meta=meta), 200


@app.get("/balance")
def balance() -> tuple[Response, int]:
    held = dict.fromkeys(CURRENCIES, plan.get("balance", 0))
    for each in transactions.values():
        held[each["currency"]] += (each["amount"] - each["fees"]) if each["status"] == "success" else 0
    for each in transfers.values():
        held[each["currency"]] -= (each["amount"] + each["fee_charged"]) if each["status"] == "success" else 0
    for each in refunds.values():
        held[each["currency"]] -= each["amount"]
    data = [{"currency": currency, "balance": minor} for currency, minor in held.items()]
    return jsonify(status=True, message="Balances retrieved", data=data), 200


@app.get("/bank/resolve")
def resolve() -> tuple[Response, int]:
    number = request.args.get("account_number", "")
    if number not in PEOPLE:
        return _refuse(422, "invalid_bank_code", "Could not resolve account name. Check parameters or try again.")
    return _say("Account number resolved", account_number=number, account_name=PEOPLE[number])


@app.post("/_control/disputes")
def dispute() -> tuple[Response, int]:
    """A payer's bank disputes a charge: {"charge": reference, "phase": inquiry | lost | reinstated}."""
    wish = _body()
    charged = transactions[wish["charge"]]
    thing = {
        "id": new_id(),
        "refund_amount": charged["amount"],
        "currency": charged["currency"],
        "status": "awaiting-merchant-feedback" if wish["phase"] == "inquiry" else "resolved",
        "resolution": RESOLUTIONS.get(wish["phase"]),
        "domain": domain(),
        "transaction": shown(charged),
        "category": "chargeback",
    }
    disputes[thing["id"]] = thing
    tell("charge.dispute.create" if wish["phase"] == "inquiry" else "charge.dispute.resolve", thing)
    return jsonify(id=thing["id"]), 200


def _body() -> Thing:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _recipient(body: Thing) -> tuple[Thing, str]:
    """The recipient, or what is wrong with it; an existing one is given again."""
    account = (str(body.get("bank_code")), str(body.get("account_number")))
    if body.get("type") not in ("nuban", "ghipss", "mobile_money", "basa") or not account[1].isdecimal():
        return {}, "Account number is invalid"
    if not body.get("name"):
        return {}, "Name is required"
    with peer.lock:
        if account not in recipients:
            code = f"RCP_{secrets.token_hex(8)}"
            details = {"account_number": account[1], "bank_code": account[0]}
            more = {"recipient_code": code, "id": new_id(), "_digit": account[1][-1], "details": details}
            recipients[account] = more | body
    return shown(recipients[account]), ""


def _digit_of(wish: Thing) -> str:
    found = [each["_digit"] for each in recipients.values() if each["recipient_code"] == wish.get("recipient")]
    return str(found[0]) if found else ""


def _issue_with(wish: Thing) -> tuple[str, str] | None:
    reference = str(wish.get("reference") or "")
    if not _digit_of(wish):
        return "invalid_transfer_recipient", "Recipient specified is invalid"
    if not _is_amount(wish) or not re.fullmatch(r"[a-z0-9_-]{16,50}", reference):
        return "invalid_params", "Invalid transfer"
    if reference in transfers:
        return "duplicate_reference", "Please provide a unique reference. Reference already exists on a transfer"
    return None


def _queued(wish: Thing, currency: str) -> Thing:
    """A transfer that will be carried out; the caller holds the lock."""
    digit = _digit_of(wish)
    transfers[wish["reference"]] = thing = {
        "id": new_id(),
        "_digit": digit,
        "amount": wish["amount"] - (1 if digit == "9" else 0),
        "currency": currency,
        "reference": wish["reference"],
        "transfer_code": f"TRF_{secrets.token_hex(8)}",
        "status": "otp" if digit == "3" else "pending",
        "integration": INTEGRATION,
        "domain": domain(),
        "fee_charged": 100,
        "createdAt": made(),
        "updatedAt": made(),
    }
    return thing


def _is_amount(body: Thing) -> bool:
    return str(body.get("amount")).isdecimal() and int(body["amount"]) > 0


def _say(message: str, **data: Any) -> tuple[Response, int]:
    return jsonify(status=True, message=message, data=data), 200


def _refuse(status: int, code: str, message: str) -> tuple[Response, int]:
    return jsonify(
        status=False, message=message, meta={"nextStep": "See the guide"}, type="api_error", code=code
    ), status


if __name__ == "__main__":
    serve(peer, port=port)
