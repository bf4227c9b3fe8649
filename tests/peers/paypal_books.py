"""What PayPal holds, what becomes of it, and what it tells (see ``tests.peers.paypal``)."""

import base64
import json
import secrets
import string
import time
import zlib
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from domains.payments.rules.decimals import decimal_of, money_of
from kelmah import clock
from kelmah.ids import new_id
from kelmah.money import Money
from tests.peers.paypal_certificates import certificates_of
from tests.peers.serving import Movement, Peer, plan_from

Thing = dict[str, Any]
RETRIES: Final = (0.2, 0.4)
CERTIFICATE: Final = "CERT-360caa42-fca2a594-2b3c4d5e"

port, plan = plan_from()
CLIENT, SECRET = plan.get("client", "client"), plan.get("secret", "secret")
MERCHANT, WEBHOOK = plan.get("merchant", "S4HZ8MM2CDDVA"), plan.get("webhook", "8PT597110X687430LKGECATA")
DELAY = plan.get("delay", 0.05)
orders: dict[str, Thing] = {}
captures: dict[str, Thing] = {}
refunds: dict[str, Thing] = {}
batches: dict[str, Thing] = {}
items: dict[str, Thing] = {}
disputes: dict[str, Thing] = {}
transactions: list[Thing] = []  # as its search shows them: what moved, what is only held
known: dict[tuple[str, str], str] = {}  # the object that was made under a PayPal-Request-Id
account: dict[str, bool] = {"broke": False}  # it has nothing to pay out
home: dict[str, str] = {"url": ""}  # our own address, known from the first request on


def movements() -> list[Movement]:
    found = [("charge", each["purchase_units"][0]["custom_id"], _charged(each)) for each in orders.values()]
    found += [("refund", each.get("custom_id"), each) for each in refunds.values()]
    found += [("payout", each["payout_item"]["sender_item_id"], _paid(each)) for each in items.values()]
    return [
        Movement(
            kind=kind,
            key=str(key),
            ref=thing["id"],
            minor=read(thing["amount"]).minor,
            currency=read(thing["amount"]).currency,
            state=thing["status"],
            moved=thing["status"] in ("COMPLETED", "SUCCESS"),
        )
        for kind, key, thing in found
    ]


def settle() -> None:
    for order in list(orders.values()):
        if order["status"] == "PAYER_ACTION_REQUIRED":
            approve(order)
    for capture in list(captures.values()):
        if capture["status"] == "PENDING":
            complete(capture)
    for refund in list(refunds.values()):
        if refund["status"] == "PENDING":
            give_back(refund)
    for item in list(items.values()):
        if item["transaction_status"] in ("PENDING", "ONHOLD"):
            end(item, "SUCCESS" if item["_who"] in ("waits", "onhold") else end_of(item))
        elif item["_who"] == "unclaimed" and item["transaction_status"] == "UNCLAIMED":
            end(item, "RETURNED")
        elif item["_who"] in ("reversed", "refunded") and item["transaction_status"] == "SUCCESS":
            end(item, item["_who"].upper())


peer = Peer("paypal", movements, settle)


def approve(order: Thing) -> None:
    """The payer says yes at PayPal's page."""
    order["status"] = "APPROVED"
    tell("CHECKOUT.ORDER.APPROVED", "checkout-order", shown(order))


def captured(order: Thing) -> Thing:
    """What comes of capturing an approved order; an eCheck takes days."""
    [unit] = order["purchase_units"]
    thing = {
        "id": name(17),
        "status": "DECLINED" if order["_who"] == "denied" else "PENDING",
        "amount": unit["amount"],
        "final_capture": True,
        "custom_id": unit["custom_id"],
        "invoice_id": unit["invoice_id"],
        "payee": unit["payee"],
        "create_time": now(),
        "_who": order["_who"],
    }
    if order["_who"] == "echeck":
        thing["status_details"] = {"reason": "ECHECK"}
    captures[thing["id"]] = thing
    order["status"], unit["payments"] = "COMPLETED", {"captures": [thing]}
    if order["_who"] not in ("denied", "echeck"):
        complete(thing)
    return thing


def complete(capture: Thing) -> None:
    gross = read(capture["amount"])
    fee = Money(gross.minor * 349 // 10000 + 9, gross.currency)
    breakdown = {"gross_amount": gross, "paypal_fee": fee, "net_amount": gross - fee}
    capture["status"] = "COMPLETED"
    capture["seller_receivable_breakdown"] = {each: write(money) for each, money in breakdown.items()}
    moved("T0006", capture["id"], gross, fee=-fee, custom_field=capture["custom_id"], invoice_id=capture["invoice_id"])
    tell("PAYMENT.CAPTURE.COMPLETED", "capture", shown(capture))


def give_back(refund: Thing) -> None:
    refund["status"] = "COMPLETED"
    amount, capture = read(refund["amount"]), captures[refund["_capture"]]
    left = read(capture["amount"]).minor - given(capture["id"])
    capture["status"] = "PARTIALLY_REFUNDED" if left else "REFUNDED"
    named = {"paypal_reference_id": capture["id"], "paypal_reference_id_type": "TXN"}
    moved("T1107", refund["id"], -amount, custom_field=refund.get("custom_id") or capture["custom_id"], **named)
    tell("PAYMENT.CAPTURE.REFUNDED", "refund", shown(refund))


def given(capture_id: str) -> int:
    """Minor units that were given back of a capture, or are about to be."""
    return sum(read(each["amount"]).minor for each in refunds.values() if each["_capture"] == capture_id)


def carry_out(batch: Thing) -> None:
    """Payouts are queued: some time later the batch is looked at, and each of its items."""
    time.sleep(DELAY)
    header, queued = batch["batch_header"], batch["items"]
    if any(item["_who"] == "denied" for item in queued):
        header["batch_status"] = "DENIED"
        for item in queued:
            end(item, "DENIED")
        tell("PAYMENT.PAYOUTSBATCH.DENIED", "payouts", {"batch_header": header})
        return
    header["batch_status"] = "SUCCESS"
    tell("PAYMENT.PAYOUTSBATCH.SUCCESS", "payouts", {"batch_header": header})
    for item in queued:
        if item["_who"] != "waits" and item["transaction_status"] == "PENDING":
            end(item, end_of(item))


def end_of(item: Thing) -> str:
    ends = {"fails": "FAILED", "blocked": "BLOCKED", "onhold": "ONHOLD", "unclaimed": "UNCLAIMED"}
    return ends.get(item["_who"], "SUCCESS")


def end(item: Thing, status: str) -> None:
    with peer.lock:
        before, item["transaction_status"] = item["transaction_status"], status
        amount = amount_of(item["payout_item"])
        left = "transaction_id" in item
        if status in ("SUCCESS", "UNCLAIMED") and not left:
            item["transaction_id"] = name(17)
            moved("T0001", item["transaction_id"], -amount, fee=Money(-25, amount.currency))
        elif left and before != status and status in ("RETURNED", "REVERSED", "REFUNDED"):
            code = "T1115" if status == "RETURNED" else "T1114"
            moved(code, name(17), amount, paypal_reference_id=item["transaction_id"], paypal_reference_id_type="TXN")
    if status in ("FAILED", "UNCLAIMED", "RETURNED"):
        item["errors"] = {"name": "RECEIVER_UNREGISTERED", "message": "Receiver is unregistered"}
    event = {"SUCCESS": "SUCCEEDED", "ONHOLD": "HELD"}.get(status, status)
    tell(f"PAYMENT.PAYOUTS-ITEM.{event}", "payouts_item", shown(item))


def moved(code: str, transaction: str, amount: Money, *, fee: Money | None = None, **more: str) -> None:
    """One more line for its search of transactions."""
    line = {
        "transaction_id": transaction,
        "transaction_event_code": code,
        "transaction_initiation_date": clock.now().strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "transaction_amount": write(amount),
        "transaction_status": "S",
        **more,
    }
    transactions.append(line | ({"fee_amount": write(fee)} if fee else {}))


def tell(event: str, kind: str, thing: Thing) -> None:
    body = json.dumps(
        {
            "id": f"WH-{name(17)}-{name(17)}",
            "event_version": "1.0",
            "create_time": now(),
            "resource_type": kind,
            "event_type": event,
            "resource": thing,
        }
    ).encode()
    peer.notify(plan["webhook_url"], body, signed(body, at=clock.now()), retries=RETRIES)


def signed(body: bytes, *, at: datetime, webhook: str = WEBHOOK) -> dict[str, str]:
    """The headers of a delivery: what is signed is the CRC-32 of the body, beside the transmission."""
    transmission, moment = str(new_id()), at.isoformat(timespec="seconds").replace("+00:00", "Z")
    message = f"{transmission}|{moment}|{webhook}|{zlib.crc32(body)}".encode()
    return {
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        "PAYPAL-CERT-URL": f"{home['url']}/v1/notifications/certs/{CERTIFICATE}",
        "PAYPAL-TRANSMISSION-ID": transmission,
        "PAYPAL-TRANSMISSION-TIME": moment,
        "PAYPAL-TRANSMISSION-SIG": base64.b64encode(_private.sign(message, PKCS1v15(), SHA256())).decode(),
        "Content-Type": "application/json",
    }


def shown(thing: Any) -> Any:
    """Without what is ours to remember."""
    if isinstance(thing, dict):
        return {each: shown(value) for each, value in thing.items() if not each.startswith("_")}
    return [shown(each) for each in thing] if isinstance(thing, list) else thing


def amount_of(item: Thing) -> Money:
    """Of a payout as it was ordered."""
    return money_of(item["amount"]["value"], item["amount"]["currency"])


def read(amount: Thing) -> Money:
    return money_of(amount["value"], amount.get("currency_code") or amount["currency"])


def write(amount: Money) -> Thing:
    return {"currency_code": amount.currency, "value": decimal_of(amount)}


def name(length: int) -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(length))


def now() -> str:
    return clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")


# Private functions


def _charged(order: Thing) -> Thing:
    made = (order["purchase_units"][0].get("payments") or {}).get("captures") or [{}]
    return {"id": order["id"], "amount": order["purchase_units"][0]["amount"], "status": order["status"]} | made[0]


def _paid(item: Thing) -> Thing:
    return {
        "id": item["payout_item_id"],
        "amount": item["payout_item"]["amount"],
        "status": item["transaction_status"],
    }


_private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
certificates, root = certificates_of(_private.public_key(), good=CERTIFICATE)
