"""What Paystack holds, what becomes of it, and what it tells (see ``tests.peers.paystack``)."""

import hashlib
import hmac
import json
import secrets
import time
from datetime import timedelta
from typing import Any, Final

from kelmah import clock
from tests.peers.serving import Movement, Peer, plan_from

Thing = dict[str, Any]
RETRIES: Final = (0.2, 0.4)

port, plan = plan_from()
KEY, INTEGRATION = plan.get("key", "sk_test_0001"), plan.get("integration", 463433)
DELAY = plan.get("delay", 0.05)
LIVE = KEY.startswith("sk_live_")
transactions: dict[str, Thing] = {}
transfers: dict[str, Thing] = {}
recipients: dict[tuple[str, str], Thing] = {}
refunds: dict[int, Thing] = {}
disputes: dict[int, Thing] = {}


def movements() -> list[Movement]:
    found = [("charge", t["reference"], t) for t in transactions.values() if t["status"] != "abandoned"]
    found += [("payout", t["reference"], t) for t in transfers.values()]
    found += [("refund", str(t["merchant_note"]).removeprefix("Kelmah "), t) for t in refunds.values()]
    return [
        Movement(
            kind=kind,
            key=key,
            ref=str(thing["id"]),
            minor=thing["amount"],
            currency=thing["currency"],
            state=thing["status"],
            moved=thing["status"] in ("success", "processed"),
        )
        for kind, key, thing in found
    ]


def settle() -> None:
    for thing in [*transactions.values(), *transfers.values()]:
        if thing["status"] in ("pending", "otp", "ongoing"):
            end(thing, end_of(thing))
    for thing in transfers.values():
        if thing["status"] == "success" and thing["_digit"] == "2":
            end(thing, "reversed")
    for thing in refunds.values():
        if thing["status"] != "processed":
            refunded(thing)


peer = Peer("paystack", movements, settle)


def new_transaction(body: Thing, reference: str, digit: str) -> Thing:
    return {
        "id": new_id(),
        "_digit": digit,
        "domain": domain(),
        "status": "ongoing" if digit else "abandoned",
        "reference": reference,
        "amount": int(body["amount"]) - (1 if digit == "9" else 0),
        "requested_amount": int(body["amount"]),
        "currency": body["currency"],
        "channel": "mobile_money" if digit else "card",
        "fees": 15,
        "gateway_response": None,
        "paid_at": None,
        "created_at": now(),
        "customer": {"email": body["email"]},
    }


def carry_out(thing: Thing) -> None:
    time.sleep(DELAY)
    if thing["_digit"] not in "13":
        end(thing, end_of(thing))


def end_of(thing: Thing) -> str:
    return "failed" if thing["_digit"] == "0" else "success"


def carry_out_refund(thing: Thing) -> None:
    time.sleep(DELAY)
    if thing["status"] != "processed":  # told to settle meanwhile: what is done never waits again
        thing["status"] = "processing"
        time.sleep(DELAY)
    if thing["status"] != "processed":
        refunded(thing)


def refunded(thing: Thing) -> None:
    thing["status"], thing["refunded_at"] = "processed", now()
    tell("refund.processed", shown(thing) | {"transaction_reference": thing["_reference"], "refund_reference": "1320"})


def end(thing: Thing, status: str) -> None:
    with peer.lock:
        thing["status"], thing["updatedAt"] = status, now()
        if "transfer_code" not in thing and status == "success":
            thing["paid_at"], thing["gateway_response"] = now(), "Approved"
    if "transfer_code" in thing:
        tell(f"transfer.{status}", shown(thing) | {"integration": {"id": INTEGRATION, "is_live": LIVE}})
    elif status == "success":
        tell("charge.success", shown(thing))


def tell(event: str, thing: Thing) -> None:
    shown = {name: value for name, value in thing.items() if event.startswith("refund.") is False or name != "id"}
    body = json.dumps({"event": event, "data": shown}).encode()
    signature = hmac.new(KEY.encode(), body, hashlib.sha512).hexdigest()
    headers = {"x-paystack-signature": signature, "Content-Type": "application/json"}
    peer.notify(plan["webhook_url"], body, headers, retries=RETRIES)


def shown(thing: Thing) -> Thing:
    return {name: value for name, value in thing.items() if not name.startswith("_")}


def new_id() -> int:
    return secrets.randbelow(10**10) + 1


def made() -> str:
    """When refunds and transfers are asked for: with ``takes_days`` it takes so long until they are carried out."""
    return now(days_ago=plan.get("takes_days", 0))


def domain() -> str:
    return "live" if LIVE else "test"


def now(*, days_ago: int = 0) -> str:
    return (clock.now() - timedelta(days=days_ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
