"""A protocol-true server of Easebuzz's payment links, their status, refunds and webhook.

From its public integration kits (paywitheasebuzz-*-lib) and copies of docs.easebuzz.in: forms with a SHA-512 hash over
named fields, ``status`` 1 or true beside 0 or false with HTTP 200, amounts as Python writes floats, an array of
attempts per txnid, a webhook whose form carries the reverse hash. Not published, and assumed: a txnid or a
merchant_refund_id used again is refused; one that is unknown is "Transaction not found"; a link that nobody opened is
"preinitiated".

Plan: key, salt, webhook_url, ``delay``, ``lists_after`` (seconds until a refund is listed). The last digit of the
payer's phone says what they do: 0 fails, 1 waits until told to settle, 2 cancels, 3 leaves at the bank, 4 leaves at
once, 5 does what ``POST /pay/<access key>`` says, 9 pays one paisa less; all others pay.
"""

import hashlib
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, jsonify, request

from tests.peers import easebuzz_collect
from tests.peers.serving import Movement, Peer, plan_from, serve

UDFS: Final = [f"udf{number}" for number in range(1, 11)]
SIGNED: Final = ["key", "txnid", "amount", "productinfo", "firstname", "email", *UDFS]
NEEDED: Final = ["txnid", "amount", "productinfo", "firstname", "email", "phone", "surl", "furl"]
ENDS: Final = {"0": "failure", "2": "userCancelled", "3": "dropped", "4": "bounced"}
FEE, TAX = "0.3", "0.05"

port, plan = plan_from()
KEY, SALT = plan.get("key", "2PBP7IABZ2"), plan.get("salt", "DAH88E3UWQ")
DELAY = plan.get("delay", 0.05)


@dataclass
class Attempt:
    status: str
    minor: int
    easepayid: str = field(default_factory=lambda: f"E{secrets.token_hex(6).upper()}")


@dataclass
class Link:
    form: dict[str, str]
    minor: int
    access: str = field(default_factory=lambda: secrets.token_hex(32))
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def txnid(self) -> str:
        return self.form["txnid"]

    @property
    def tried(self) -> list[Attempt]:
        """What it tells of the link: until somebody opened it, one thing without a name."""
        return self.attempts or [Attempt("preinitiated", self.minor, "NA")]

    @property
    def digit(self) -> str:
        return self.form["phone"][-1]


@dataclass
class Refund:
    name: str
    link: Link
    attempt: Attempt
    minor: int
    status: str = "queued"
    ref: str = field(default_factory=lambda: f"R{secrets.token_hex(5).upper()}")
    made_at: float = field(default_factory=time.monotonic)


links: dict[str, Link] = {}
refunds: dict[str, Refund] = {}


def movements() -> list[Movement]:
    found = [
        _movement("charge", link.txnid, each.easepayid, each.minor, each.status, "success")
        for link in list(links.values())
        for each in link.tried
    ]
    given = list(refunds.values())
    return found + [_movement("refund", each.name, each.ref, each.minor, each.status, "refunded") for each in given]


def _movement(kind: str, name: str, ref: str, minor: int, state: str, done: str) -> Movement:
    key = str(UUID(hex=name)) if re.fullmatch(r"[0-9a-f]{32}", name) else name
    return Movement(kind=kind, key=key, ref=ref, minor=minor, currency="INR", state=state, moved=state == done)


def settle() -> None:
    for link in list(links.values()):
        if link.digit == "1" and not link.attempts:
            pay(link, "success")
    for refund in list(refunds.values()):
        if refund.status == "queued":
            refund.status = "refunded"


peer = Peer("easebuzz", movements, settle)
app = peer.app
collecting = {"key": plan.get("wire_key", "062B081AC9"), "salt": plan.get("wire_salt", "174F4A6761")}
easebuzz_collect.add_to(app, peer, webhook_url=plan["webhook_url"], **collecting)


@app.post("/payment/initiateLink")
def initiate_link() -> Response:
    form = request.form.to_dict()
    if _hash(*(form.get(name, "") for name in SIGNED)) != form.get("hash") or form.get("key") != KEY:
        return jsonify(status=0, error_desc="Hash mismatch", data="Parameter validation failed")
    bad = [name for name in NEEDED if not form.get(name)]
    bad += [] if re.fullmatch(r"[a-zA-Z0-9_|/-]{1,40}", form["txnid"]) else ["txnid"]
    bad += [] if re.fullmatch(r"[1-9][0-9]*\.[0-9]{1,2}", form["amount"]) else ["amount"]
    bad += [] if re.fullmatch(r"[a-zA-Z0-9 -]+", form["productinfo"]) else ["productinfo"]
    bad += [] if re.fullmatch(r"[0-9]{10}", form["phone"]) else ["phone"]
    if bad:
        return jsonify(status=0, error_desc=f"Invalid value for {bad[0]}.", data="Parameter validation failed")
    with peer.lock:
        if form["txnid"] in links:
            return jsonify(status=0, error_desc="Duplicate transaction id.", data="Parameter validation failed")
        link = links[form["txnid"]] = Link(form, round(float(form["amount"]) * 100))
    if link.digit not in "15":
        threading.Thread(target=_pay_later, args=(link,), daemon=True).start()
    return jsonify(status=1, data=link.access)


@app.post("/pay/<access>")
def page(access: str) -> Response:
    """The payer's page: ``{"status": what comes of it}``, as often as they try."""
    link = next(each for each in links.values() if each.access == access)
    return jsonify(easepayid=pay(link, request.get_json()["status"]).easepayid)


@app.post("/transaction/v2.1/retrieve")
def retrieve() -> Response:
    form = request.form.to_dict()
    if _hash(form.get("key", ""), form.get("txnid", "")) != form.get("hash") or form.get("key") != KEY:
        return jsonify(status=False, msg="Hash mismatch")
    link = links.get(form["txnid"])
    if link is None:
        return jsonify(status=False, msg="Transaction not found")
    return jsonify(status=True, msg=[_told(link, each) for each in link.tried])


@app.post("/transaction/v2/refund")
def refund() -> Response:
    form = request.form.to_dict()
    values = [form.get(name, "") for name in ("key", "merchant_refund_id", "easebuzz_id", "refund_amount")]
    if _hash(*values) != form.get("hash") or form.get("key") != KEY:
        return jsonify(status=False, reason="Hash mismatch")
    _, name, easebuzz_id, amount = values
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", name) or not re.fullmatch(r"[0-9]+\.[0-9]{1,2}", amount):
        return jsonify(status=False, reason="Invalid value for refund_amount.")
    with peer.lock:
        if name in refunds:
            return jsonify(status=False, reason="Duplicate merchant refund id.")
        paid = _payment(easebuzz_id)
        if paid is None or paid[1].status != "success":
            return jsonify(status=False, reason="Transaction does not exist.")
        link, attempt = paid
        given = sum(each.minor for each in refunds.values() if each.attempt is attempt)
        minor = round(float(amount) * 100)
        if given + minor > attempt.minor:
            return jsonify(status=False, reason="Refund amount is greater than the transaction amount.")
        made = refunds[name] = Refund(name, link, attempt, minor)
    return jsonify(
        status=True,
        reason="Refund initiated.",
        easebuzz_id=easebuzz_id,
        refund_id=made.ref,
        refund_amount=float(amount),
    )


@app.post("/refund/v1/retrieve")
def refund_status() -> Response:
    form = request.form.to_dict()
    if _hash(form.get("key", ""), form.get("easebuzz_id", "")) != form.get("hash") or form.get("key") != KEY:
        return jsonify(status=False, message="Hash mismatch")
    paid = _payment(form["easebuzz_id"])
    if paid is None:
        return jsonify(status=False, message="Transaction not found")
    link, attempt = paid
    told = [
        {
            "refund_id": each.ref,
            "merchant_refund_id": each.name,
            "refund_amount": each.minor / 100,
            "refund_status": each.status,
            "arn_number": "NA",
        }
        for each in list(refunds.values())
        if each.attempt is attempt and time.monotonic() >= each.made_at + plan.get("lists_after", 0)
    ]
    return jsonify(
        status=True, txnid=link.txnid, easebuzz_id=attempt.easepayid, amount=_float(attempt.minor), refunds=told
    )


def pay(link: Link, status: str) -> Attempt:
    """One more attempt of the payer, told to the merchant."""
    minor = link.minor - (1 if link.digit == "9" else 0)
    with peer.lock:
        link.attempts.append(Attempt(status, minor))
        attempt = link.attempts[-1]
    told = _told(link, attempt)
    backwards = (told.get(name, "") for name in reversed(SIGNED))
    told["hash"] = hashlib.sha512("|".join([SALT, status, *backwards]).encode()).hexdigest()
    peer.notify(plan["webhook_url"], urlencode(told).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    return attempt


def _pay_later(link: Link) -> None:
    time.sleep(DELAY)
    pay(link, ENDS.get(link.digit, "success"))


def _payment(easepayid: str) -> tuple[Link, Attempt] | None:
    found = ((link, each) for link in list(links.values()) for each in link.attempts if each.easepayid == easepayid)
    return next(found, None)


def _told(link: Link, attempt: Attempt) -> dict[str, Any]:
    paid = attempt.status == "success"
    return {
        **{name: link.form.get(name, "") for name in SIGNED},
        "phone": link.form["phone"],
        "amount": _float(attempt.minor),
        "net_amount_debit": _float(attempt.minor),
        "status": attempt.status,
        "easepayid": attempt.easepayid,
        "mode": "UPI" if paid else "NA",
        "service_charge": FEE if paid else "0.0",
        "service_tax": TAX if paid else "0.0",
        "bank_ref_num": "515453784776" if paid else "NA",
        "error_Message": "NA",
        "addedon": "2026-11-21 07:47:31.000000",
    }


def _float(minor: int) -> str:
    return str(minor / 100)


def _hash(*values: str) -> str:
    return hashlib.sha512("|".join([*values, SALT]).encode()).hexdigest()


if __name__ == "__main__":
    serve(peer, port=port)
