"""PayPal's APIs, as its public OpenAPI documents and its guides to webhooks, payouts and reports describe them.

Kept from there: access tokens; orders that the payer approves at another address and that are captured once
(ORDER_ALREADY_CAPTURED, ORDER_NOT_APPROVED, INSTRUMENT_DECLINED, DUPLICATE_INVOICE_ID); a PayPal-Request-Id answered
with what it made before, as that is now; a batch id of payouts that is taken once, its second use refused with a link
to the first; payouts in batches of up to 15,000, that are queued and end item by item; nothing found by the caller's
own numbers; amounts with the currency's digits; webhooks signed over the CRC-32 of their body.

Plan: webhook_url, client, secret, merchant, webhook, ``delay`` (seconds until payouts are carried out), ``page`` (the
most lines of a page). What happens is chosen by what stands before the @ of an email. Payers: ``declines`` (refused at
capture), ``denied`` (captured and declined), ``echeck`` (captured, and pending until settled), ``slow`` (refunds
are pending until settled). Receivers: ``waits``, ``onhold``, ``fails``, ``blocked``, ``denied`` (the whole batch),
``unclaimed`` (returned once settled), ``reversed``, ``refunded`` (paid, then so once settled). Payers approve when told
to settle, or by POST /checkoutnow?token={order}.
"""

import secrets
import threading
from typing import Final

from flask import Response, jsonify, request

from kelmah.money import Money
from tests.peers import paypal_books as books
from tests.peers.paypal_books import Thing, amount_of, peer, read, write
from tests.peers.paypal_reports import tokens
from tests.peers.paypal_talk import absent, body, issue_with, refuse, say
from tests.peers.serving import serve

MOST_ITEMS: Final = 15_000
WITHOUT_ACCESS: Final = ("/_control", "/v1/oauth2/token", "/v1/notifications/certs/", "/checkoutnow")

app = peer.app


@app.before_request
def access() -> tuple[Response, int] | None:
    books.home["url"] = request.host_url.rstrip("/")
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if request.path.startswith(WITHOUT_ACCESS) or token in tokens:
        return None
    return jsonify(error="invalid_token", error_description="Token signature verification failed"), 401


@app.post("/v1/oauth2/token")
def token() -> tuple[Response, int]:
    given = request.authorization
    if given is None or (given.username, given.password) != (books.CLIENT, books.SECRET):
        return jsonify(error="invalid_client", error_description="Client Authentication failed"), 401
    if request.form.get("grant_type") != "client_credentials":
        return jsonify(error="unsupported_grant_type"), 400
    made = f"A21AA{secrets.token_hex(12)}"
    tokens.add(made)
    return jsonify(
        scope="https://uri.paypal.com/payments", access_token=made, token_type="Bearer", expires_in=32400
    ), 200


@app.get("/v1/notifications/certs/<name>")
def certificate(name: str) -> tuple[Response, int] | Response:
    if name not in books.certificates:
        return absent()
    return Response(books.certificates[name], 200, {"Content-Type": "application/octet-stream"})


@app.get("/_control/root")
def root() -> Response:
    """Whom the peer's own certificate leads to."""
    return Response(books.root, 200, {"Content-Type": "application/octet-stream"})


@app.post("/v2/checkout/orders")
def create_order() -> tuple[Response, int]:
    wish = body()
    [unit] = wish.get("purchase_units") or [{}]
    if wish.get("intent") != "CAPTURE" or "experience_context" not in _paypal(wish):
        return refuse(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER")
    if issue := issue_with(unit.get("amount") or {}):
        return refuse(422, "UNPROCESSABLE_ENTITY", issue)
    with peer.lock:
        if found := _made_before("order"):
            return say(books.orders[found], 200)
        made = {
            "id": books.name(17),
            "intent": "CAPTURE",
            "status": "PAYER_ACTION_REQUIRED",
            "create_time": books.now(),
            "purchase_units": [{"reference_id": "default", **unit, "payee": {"merchant_id": books.MERCHANT}}],
            "_who": str(_paypal(wish).get("email_address") or "").partition("@")[0],
        }
        url = f"{books.home['url']}/checkoutnow?token={made['id']}"
        made["links"] = [{"href": url, "rel": "payer-action", "method": "GET"}]
        books.orders[made["id"]] = made
        _remember("order", made["id"])
    return say(made, 200)  # 201 only of one that doesn't say how it is paid


@app.get("/v2/checkout/orders/<number>")
def show_order(number: str) -> tuple[Response, int]:
    return say(books.orders[number], 200) if number in books.orders else absent()


@app.post("/checkoutnow")
def payer() -> tuple[str, int]:
    books.approve(books.orders[request.args["token"]])
    return "", 204


@app.post("/v2/checkout/orders/<number>/capture")
def capture_order(number: str) -> tuple[Response, int]:
    if number not in books.orders:
        return absent()
    order = books.orders[number]
    with peer.lock:
        if _made_before("capture"):
            return say(order, 200)
        if order["status"] == "COMPLETED":
            return refuse(422, "UNPROCESSABLE_ENTITY", "ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            return refuse(422, "UNPROCESSABLE_ENTITY", "ORDER_NOT_APPROVED")
        if order["_who"] == "declines":
            return refuse(422, "UNPROCESSABLE_ENTITY", "INSTRUMENT_DECLINED")
        invoice = order["purchase_units"][0]["invoice_id"]
        if any(each["invoice_id"] == invoice for each in books.captures.values()):
            return refuse(422, "UNPROCESSABLE_ENTITY", "DUPLICATE_INVOICE_ID")
        _remember("capture", books.captured(order)["id"])
    return say(order, 201)


@app.get("/v2/payments/captures/<number>")
def show_capture(number: str) -> tuple[Response, int]:
    return say(books.captures[number], 200) if number in books.captures else absent()


@app.post("/v2/payments/captures/<number>/refund")
def refund(number: str) -> tuple[Response, int]:
    capture = books.captures.get(number)
    if capture is None:
        return absent()
    wish, amount = body(), body().get("amount") or capture["amount"]
    if issue := issue_with(amount):
        return refuse(422, "UNPROCESSABLE_ENTITY", issue)
    with peer.lock:
        if found := _made_before("refund"):
            return say(books.refunds[found], 200)
        left = read(capture["amount"]).minor - books.given(number)
        if left == 0:
            return refuse(422, "UNPROCESSABLE_ENTITY", "CAPTURE_FULLY_REFUNDED")
        if read(amount).minor > left:
            return refuse(422, "UNPROCESSABLE_ENTITY", "REFUND_AMOUNT_EXCEEDED")
        made = {
            "id": books.name(17),
            "status": "PENDING",
            "amount": amount,
            "custom_id": wish.get("custom_id"),
            "create_time": books.now(),
            "_capture": number,
        }
        up = f"{books.home['url']}/v2/payments/captures/{number}"
        made["links"] = [{"href": up, "rel": "up", "method": "GET"}]
        books.refunds[made["id"]] = made
        _remember("refund", made["id"])
        if capture["_who"] != "slow":
            books.give_back(made)
    return say(made, 201)


@app.get("/v2/payments/refunds/<number>")
def show_refund(number: str) -> tuple[Response, int]:
    return say(books.refunds[number], 200) if number in books.refunds else absent()


@app.post("/v1/payments/payouts")
def payout() -> tuple[Response, int]:
    """One item that is no good has all of them refused."""
    header, wished = body()["sender_batch_header"], body()["items"]
    if not 0 < len(wished) <= MOST_ITEMS:
        return refuse(400, "VALIDATION_ERROR", "Number of items is out of range", field="items")
    for place, item in enumerate(wished):
        if issue_with(item["amount"]) or ("@" not in item["receiver"] and item["recipient_type"] == "EMAIL"):
            issue = "Receiver is invalid or does not match with type"
            return refuse(400, "VALIDATION_ERROR", issue, field=f"items[{place}].receiver")
    if books.account["broke"]:
        return refuse(422, "INSUFFICIENT_FUNDS", "INSUFFICIENT_FUNDS")
    with peer.lock:
        for number, batch in books.batches.items():
            if batch["batch_header"]["sender_batch_header"]["sender_batch_id"] == header["sender_batch_id"]:
                link = {"href": f"{books.home['url']}/v1/payments/payouts/{number}", "rel": "self", "method": "GET"}
                issue = "Batch with given sender_batch_id already exists"
                return refuse(400, "USER_BUSINESS_ERROR", issue, field="SENDER_BATCH_ID", link=[link])
        number = books.name(13)
        made = [_item(item, number) for item in wished]
        total = sum((amount_of(item) for item in wished[1:]), amount_of(wished[0]))
        head: Thing = {"payout_batch_id": number, "batch_status": "PENDING", "sender_batch_header": header}
        amount = {"currency": total.currency, "value": write(total)["value"]}
        books.batches[number] = {"batch_header": head | {"amount": amount}, "items": made}
        books.items.update({item["payout_item_id"]: item for item in made})
    threading.Thread(target=books.carry_out, args=(books.batches[number],), daemon=True).start()
    return say({"batch_header": head}, 201)


@app.get("/v1/payments/payouts/<number>")
def show_batch(number: str) -> tuple[Response, int]:
    """Its items once it is queued, a page of them at a time."""
    if number not in books.batches:
        return absent()
    batch = books.batches[number]
    if batch["batch_header"]["batch_status"] == "PENDING":
        return say({"batch_header": batch["batch_header"]}, 200)
    size, page = min(int(request.args.get("page_size", 1000)), 1000), int(request.args.get("page", 1))
    return say(batch | {"items": batch["items"][(page - 1) * size : page * size]}, 200)


@app.get("/v1/payments/payouts-item/<number>")
def show_item(number: str) -> tuple[Response, int]:
    return say(books.items[number], 200) if number in books.items else absent()


# Private functions


def _item(wish: Thing, batch: str) -> Thing:
    amount = amount_of(wish)
    return {
        "payout_item_id": books.name(13),
        "transaction_status": "PENDING",
        "payout_batch_id": batch,
        "payout_item": wish,
        "payout_item_fee": {"currency": amount.currency, "value": write(Money(25, amount.currency))["value"]},
        "_who": wish["receiver"].partition("@")[0],
    }


def _paypal(body: Thing) -> Thing:
    return (body.get("payment_source") or {}).get("paypal") or {}


def _made_before(kind: str) -> str | None:
    return books.known.get((kind, request.headers.get("PayPal-Request-Id", "")))


def _remember(kind: str, number: str) -> None:
    if key := request.headers.get("PayPal-Request-Id"):
        books.known[kind, key] = number


if __name__ == "__main__":
    serve(peer, port=books.port)
