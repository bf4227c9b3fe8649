"""PayPal's disputes, search of transactions and balances; and what a test tells it (see ``tests.peers.paypal``)."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from flask import Response, jsonify, request

from kelmah import clock
from kelmah.money import Money
from tests.peers import paypal_books as books
from tests.peers.paypal_books import Thing, peer, plan, read, write
from tests.peers.paypal_talk import CURRENCIES, absent, body, refuse, say

_WIDEST: Final = timedelta(days=31)
_MOST: Final = 10_000

app = peer.app
tokens: set[str] = set()
refreshed: dict[str, str] = {}


@app.get("/v1/customer/disputes")
def list_disputes() -> tuple[Response, int]:
    about = request.args.get("disputed_transaction_id")
    found = [
        {"dispute_id": each["dispute_id"], "status": each["status"]}
        for each in books.disputes.values()
        if each["disputed_transactions"][0]["seller_transaction_id"] == about
    ]
    return say({"items": found}, 200)


@app.get("/v1/customer/disputes/<number>")
def show_dispute(number: str) -> tuple[Response, int]:
    return say(books.disputes[number], 200) if number in books.disputes else absent()


@app.get("/v1/reporting/transactions")
def search() -> tuple[Response, int]:
    """Between two moments, at most 31 days apart; numbered pages from 1, of no more than so many in all."""
    start, end = (datetime.fromisoformat(request.args[name]) for name in ("start_date", "end_date"))
    if end - start > _WIDEST:
        return refuse(400, "INVALID_REQUEST", "Date range is greater than 31 days")
    found = [
        {"transaction_info": each}
        for each in books.transactions
        if start <= datetime.fromisoformat(each["transaction_initiation_date"]) <= end
        and request.args.get("transaction_id", each["transaction_id"]) == each["transaction_id"]
        and request.args.get("transaction_status", each["transaction_status"]) == each["transaction_status"]
    ]
    if len(found) > (most := plan.get("most", _MOST)):
        told = {"name": "RESULTSET_TOO_LARGE", "total_items": len(found), "maximum_items": most}
        return say({**told, "message": "Result set size is greater than the maximum limit."}, 400)
    size = min(int(request.args.get("page_size", 100)), plan.get("page", 500))
    page = int(request.args.get("page", 1))
    answer: Thing = {
        "transaction_details": found[(page - 1) * size : page * size],
        "account_number": books.MERCHANT,
        "last_refreshed_datetime": refreshed.get("until", books.now()),
        "page": page,
        "total_items": len(found),
        "total_pages": -(-len(found) // size),
    }
    return say(answer, 200)


@app.get("/v1/reporting/balances")
def balances() -> tuple[Response, int]:
    held = dict.fromkeys(CURRENCIES, 0)
    for each in books.transactions:
        if each["transaction_event_code"] != "T1110":
            for part in (each["transaction_amount"], each.get("fee_amount")):
                held[each["transaction_amount"]["currency_code"]] += read(part).minor if part else 0
    told = [{"currency": each, "total_balance": write(Money(minor, each))} for each, minor in held.items()]
    return say({"balances": told, "account_id": books.MERCHANT}, 200)


@app.post("/_control/disputes")
def dispute() -> tuple[Response, int]:
    """A payer disputes a charge: {"charge": its capture, "phase": …}. At first the money is only held."""
    wish = body()
    capture = books.captures[wish["charge"]]
    number, amount = f"PP-R-{books.name(3)}-{secrets.randbelow(10**8)}", read(capture["amount"])
    movements = [("DEBIT", "DISPUTE_SETTLEMENT"), ("CREDIT", "DISPUTE_SETTLEMENT")]
    taken = {"inquiry": [], "closed": [], "withdrawn": movements[:1], "reinstated": movements}
    steps = taken.get(wish["phase"], [*movements[:1], ("DEBIT", "CHARGEBACK_FEE")])
    over = wish["phase"] in ("reinstated", "lost", "closed")
    books.disputes[number] = made = {
        "dispute_id": number,
        "disputed_transactions": [
            {
                "seller_transaction_id": capture["id"],
                "seller": {"merchant_id": books.MERCHANT},
                "gross_amount": capture["amount"],
            }
        ],
        "reason": "UNAUTHORISED",
        "status": "RESOLVED" if over else "UNDER_REVIEW" if steps else "WAITING_FOR_SELLER_RESPONSE",
        "dispute_life_cycle_stage": "CHARGEBACK" if steps else "INQUIRY",
        "dispute_amount": capture["amount"],
        "money_movements": [
            {"affected_party": "SELLER", "type": way, "reason": why, "amount": capture["amount"]} for way, why in steps
        ],
    }
    if over:
        lost = wish["phase"] == "lost"
        made["dispute_outcome"] = {"outcome_code": "RESOLVED_BUYER_FAVOUR" if lost else "RESOLVED_SELLER_FAVOUR"}
    behind = {"paypal_reference_id": capture["id"], "paypal_reference_id_type": "TXN"}
    books.moved("T1110", books.name(17), -amount, **behind)
    for way, why in steps:
        if why == "DISPUTE_SETTLEMENT":
            code, sign = ("T1106", -1) if way == "DEBIT" else ("T1202", 1)
            books.moved(code, books.name(17), Money(sign * amount.minor, amount.currency), **behind)
    books.tell("CUSTOMER.DISPUTE.RESOLVED" if over else "CUSTOMER.DISPUTE.CREATED", "dispute", made)
    return jsonify(id=number), 200


@app.post("/_control/signed")
def sign() -> tuple[Response, int]:
    """The headers that would go with a body: {"body": …, "hours": how long ago, "webhook": whose}."""
    wish = body()
    at = clock.now() - timedelta(hours=wish.get("hours", 0))
    return jsonify(books.signed(wish["body"].encode(), at=at, webhook=wish.get("webhook", books.WEBHOOK))), 200


@app.post("/_control/broke")
def broke() -> tuple[str, int]:
    """{"broke": true}: payouts are refused, before anything else is looked at."""
    books.account.update(body())
    return "", 204


@app.post("/_control/tokens")
def revoke() -> tuple[str, int]:
    tokens.clear()
    return "", 204


@app.post("/_control/came")
def come() -> tuple[str, int]:
    """Charges that nobody ordered here: {"at": their moments}."""
    for at in body()["at"]:
        books.moved("T0006", books.name(17), Money(100, "USD"), transaction_initiation_date=at)
    return "", 204


@app.post("/_control/forget")
def forget() -> tuple[str, int]:
    """Orders that nobody pays are dropped after some hours."""
    books.orders.pop(body()["order"])
    return "", 204


@app.post("/_control/refreshed")
def refresh() -> tuple[str, int]:
    """Until when its search knows what moved; {} for: all."""
    refreshed.clear()
    refreshed.update(body())
    return "", 204
