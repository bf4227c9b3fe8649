"""The routes, and the events that tell of what changed."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import stripe
from flask import Response, jsonify, request
from stripe import params

from tests.peers.serving import Peer, plan_from, serve
from tests.peers.stripe import money, people
from tests.peers.stripe.memory import KINDS, Memory, Refused, Thing
from tests.peers.stripe.shapes import UnknownParameter, blank, read

PORT, PLAN = plan_from()
MEMORY = Memory(live=PLAN.get("live", False), searchable=PLAN.get("searchable", True))
EVENTS = {"payment_intent": "payment_intent.succeeded", "refund": "refund.updated", "payout": "payout.updated"}


def tell(thing: Thing, kind: str) -> None:
    """One event about the object as it is now, signed."""
    shown = MEMORY.shown(thing, [])
    words = {"type": kind, "data": {"object": shown}, "api_version": "2026-10-28.endive"}
    event = MEMORY.shown(MEMORY.make("event", **words), [])
    if thing["_at"]:
        event["account"] = thing["_at"]
    body, at = json.dumps(event).encode(), int(time.time())
    signature = hmac.new(PLAN["webhook_secret"].encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={at},v1={signature}", "Content-Type": "application/json"}
    PEER.notify(PLAN["webhook_url"], body, headers, retries=(0.5, 1.0))


def settle() -> None:
    with PEER.lock:
        for thing in money.settle(MEMORY):
            failed = thing["object"] == "payment_intent" and thing["status"] != "succeeded"
            tell(thing, "payment_intent.payment_failed" if failed else EVENTS[thing["object"]])


PEER = Peer("Stripe", movements=MEMORY.movements, settle=settle)
route = PEER.app.route


def order(kind: type, do: Callable[[dict[str, Any]], Thing], event: str = "") -> tuple[Response, int]:
    """Carry an order out once per key; the first answer, also an error, is the answer for ever."""
    key, form = (request.path, request.headers["Idempotency-Key"]), request.form.to_dict()
    with PEER.lock:
        if key in MEMORY.answers:
            first, status, answer = MEMORY.answers[key]
            if first != form:
                raise Refused(400, "", type="idempotency_error")
            return jsonify(answer), status
        asked = {"metadata": {}} | read(kind, form)
        try:
            made = do(asked)
            status, answer = 200, MEMORY.shown(made, asked.get("expand", []))
            if event:
                tell(made, event)
            if asked.get("payment_method") == "pm_error":
                status, answer = 500, {"error": {"type": "api_error", "message": "internal"}}
        except Refused as refusal:
            status, answer = refusal.status, refusal.body
        MEMORY.answers[key] = (form, status, answer)
        return jsonify(answer), status


def listed(kind: type, things: list[Thing]) -> Response:
    """One page, newest first."""
    asked = read(kind, request.args.to_dict())
    created = asked.get("created", {})
    things = [t for t in things if created.get("gte", 0) <= t["created"] < created.get("lt", 2**40)]
    if after := asked.get("starting_after"):
        things = things[[t["id"] for t in things].index(after) + 1 :]
    size = min(asked.get("limit", 10), PLAN.get("page", 100))
    inner = [path.removeprefix("data.") for path in asked.get("expand", [])]
    page = [MEMORY.shown(thing, inner) for thing in things[:size]]
    return jsonify(object="list", data=page, has_more=len(things) > size, url=request.path)


def account() -> str:
    return request.headers.get("Stripe-Account", "")


@PEER.app.before_request
def known_key() -> tuple[Response, int] | None:
    if request.path.startswith("/v1/") and request.headers.get("Authorization") != f"Bearer {PLAN['key']}":
        return jsonify(error={"type": "invalid_request_error", "message": "Invalid API Key provided"}), 401
    return None


@PEER.app.errorhandler(Refused)
def refused(refusal: Refused) -> tuple[Response, int]:
    return jsonify(refusal.body), refusal.status


@PEER.app.errorhandler(UnknownParameter)
def unknown(error: UnknownParameter) -> tuple[Response, int]:
    return refused(Refused(400, "parameter_unknown", message=str(error)))


def charge(asked: dict[str, Any]) -> Thing:
    people.check_owner(MEMORY, asked)
    return money.charge(MEMORY, asked)


@route("/v1/payment_intents", methods=["GET", "POST"])
def intents() -> Any:
    if request.method == "GET":
        return listed(params.PaymentIntentListParams, MEMORY.all("payment_intent"))
    return order(params.PaymentIntentCreateParams, charge, "payment_intent.created")


@route("/v1/payment_intents/search")
def search() -> Any:
    asked = read(params.PaymentIntentSearchParams, request.args.to_dict())
    if not MEMORY.searchable:
        raise Refused(400, "search_unavailable")
    key = asked["query"].removeprefix("metadata['order']:'").removesuffix("'")
    found = [MEMORY.shown(t, []) for t in MEMORY.all("payment_intent") if t["metadata"].get("order") == key]
    return jsonify(object="search_result", data=found[:1], has_more=False, url=request.path)


@route("/v1/refunds", methods=["GET", "POST"])
def refunds() -> Any:
    if request.method == "POST":
        return order(params.RefundCreateParams, lambda asked: money.refund(MEMORY, asked), "refund.created")
    of = request.args["payment_intent"]
    return listed(params.RefundListParams, [t for t in MEMORY.all("refund") if t["payment_intent"] == of])


@route("/v1/transfers", methods=["GET", "POST"])
def transfers() -> Any:
    if request.method == "POST":
        return order(params.TransferCreateParams, lambda asked: money.transfer(MEMORY, asked), "transfer.created")
    group = request.args["transfer_group"]
    return listed(params.TransferListParams, [t for t in MEMORY.all("transfer") if t["transfer_group"] == group])


@route("/v1/transfers/<ref>/reversals", methods=["POST"])
def reversals(ref: str) -> Any:
    return order(params.TransferCreateReversalParams, lambda asked: money.reverse(MEMORY, ref, asked))


@route("/v1/payouts", methods=["GET", "POST"])
def payouts() -> Any:
    if request.method == "POST":
        return order(params.PayoutCreateParams, lambda asked: money.payout(MEMORY, asked, account()), "payout.created")
    return listed(params.PayoutListParams, MEMORY.all("payout", at=account()))


@route("/v1/balance_transactions")
def movements() -> Any:
    return listed(params.BalanceTransactionListParams, MEMORY.all("balance_transaction"))


@route("/v1/balance")
def balance() -> Any:
    sums: dict[str, int] = {}
    for line in MEMORY.all("balance_transaction"):
        sums[line["currency"]] = sums.get(line["currency"], 0) + line["net"]
    available = [{"amount": amount, "currency": currency} for currency, amount in sums.items()]
    return jsonify(blank(stripe.Balance) | {"object": "balance", "available": available, "pending": []})


@route("/v1/accounts/<ref>")
def connected(ref: str) -> Any:
    if ref in MEMORY.things:
        return one("account", ref)
    if ref not in money.ACCOUNTS:
        raise Refused(403, "account_invalid")
    first, last = money.ACCOUNTS[ref]
    person = {"first_name": first, "last_name": last, "object": "person", "id": "person_1", "account": ref}
    return jsonify(blank(stripe.Account) | {"id": ref, "object": "account", "individual": person})


@route("/v1/accounts", methods=["POST"])
def accounts() -> Any:
    return order(params.AccountCreateParams, lambda asked: people.account(MEMORY, asked))


@route("/v1/account_links", methods=["POST"])
def account_links() -> Any:
    return jsonify(people.link(MEMORY, read(params.AccountLinkCreateParams, request.form.to_dict())))


@route("/v1/customers", methods=["POST"])
def customers() -> Any:
    return order(params.CustomerCreateParams, lambda asked: people.customer(MEMORY, asked))


@route("/v1/customers/<ref>", methods=["DELETE"])
def customer(ref: str) -> Any:
    with PEER.lock:
        people.forget(MEMORY, ref)
    return jsonify(id=ref, object="customer", deleted=True)


@route("/v1/setup_intents", methods=["POST"])
def setup_intents() -> Any:
    return order(params.SetupIntentCreateParams, lambda asked: people.setup(MEMORY, asked))


@route("/v1/payment_methods")
def payment_methods() -> Any:
    return listed(params.PaymentMethodListParams, people.methods_of(MEMORY, request.args["customer"]))


@route("/v1/payment_methods/<ref>/detach", methods=["POST"])
def detach(ref: str) -> Any:
    return order(params.PaymentMethodDetachParams, lambda asked: people.detach(MEMORY, ref))


@route("/v1/<kind>s/<ref>")
def one(kind: str, ref: str) -> Any:
    if kind not in KINDS:
        raise Refused(404, "resource_missing")
    expand = [value for name, value in request.args.items() if name.startswith("expand")]
    return jsonify(MEMORY.shown(MEMORY.get(kind, ref, at=account()), expand))


@route("/_stripe/setup_intents", methods=["POST"])
def confirm() -> Any:
    """The payer's app leaves a card: ``{"client_secret": …}``."""
    with PEER.lock:
        return jsonify(id=people.confirm(MEMORY, request.get_json()["client_secret"])["id"])


@route("/_stripe/disputes", methods=["POST"])
def dispute() -> Any:
    """The payer's bank acts: ``{"payment_intent": …, "status": …, "moves": […]}``."""
    told = request.get_json()
    with PEER.lock:
        made = money.dispute(MEMORY, told["payment_intent"], told["status"], told["moves"])
        tell(made, "charge.dispute.updated")
        return jsonify(id=made["id"])


serve(PEER, port=PORT)
