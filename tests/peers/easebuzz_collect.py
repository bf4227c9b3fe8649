"""Easebuzz's InstaCollect beside its payment links: virtual accounts, the list of a day's payments, and their event.

From public code that uses it: ``Authorization`` is SHA-512 of key, named values and salt of InstaCollect's own;
answers are ``{"success": true, "data": …}``; the event TRANSACTION_CREDIT carries its hash inside of ``data``. Assumed:
pages are asked for by ``page``.

POST /_control/credits {"account": id, "amount": 12.5, "status": "received"}: somebody pays; answers with the payment.
"""

import hashlib
import json
import secrets
from typing import Any

from flask import Flask, Response, jsonify, request

from kelmah import clock
from tests.peers.serving import Peer

accounts: dict[str, dict[str, Any]] = {}
payments: list[dict[str, Any]] = []


def add_to(app: Flask, peer: Peer, *, key: str, salt: str, webhook_url: str) -> None:
    """Its routes on the server of the links."""

    def signed(*values: str) -> str:
        return hashlib.sha512("|".join([key, *values, salt]).encode()).hexdigest()

    def known(*values: str) -> bool:
        return request.headers.get("Authorization") == signed(*values) and request.headers.get("WIRE-API-KEY") == key

    @app.post("/api/v1/insta-collect/virtual_accounts/")
    def open_account() -> tuple[Response, int]:
        body = request.get_json()
        if not known(body.get("label", "")) or body.get("key") != key:
            return jsonify(success=False, message="Authorization failed."), 403
        number = f"9090{secrets.randbelow(10**8):08}"
        made = accounts[secrets.token_hex(6)] = {
            "label": body["label"],
            "virtual_account_number": number,
            "virtual_ifsc_number": "YESB0CMSNOC",
            "virtual_upi_handle": f"{number}@yesbankltd",
            "upi_qrcode_url": f"upi://pay?pa={number}@yesbankltd",
            "upi_qrcode_remote_file_location": f"https://files.example.com/{number}.png",
            "is_active": True,
        }
        made["id"] = next(name for name, account in accounts.items() if account is made)
        return jsonify(success=True, data={"virtual_account": made}), 200

    @app.get("/api/v2/insta-collect/transactions")
    def listed() -> tuple[Response, int]:
        if not known() or request.args.get("key") != key:
            return jsonify(success=False, message="Authorization failed."), 403
        of_day = [each for each in payments if each["created_at"].startswith(request.args["created_at"])]
        size, page = int(request.args["pageSize"]), int(request.args.get("page", 1))
        return jsonify(success=True, data={"results": of_day[(page - 1) * size : page * size]}), 200

    @app.post("/_control/credits")
    def credit() -> Response:
        wish = request.get_json()
        account = accounts.get(wish["account"], {"id": wish["account"], "label": "nobody's"})
        paid = {
            "id": f"TXN{secrets.token_hex(6)}",
            "created_at": clock.now().strftime("%Y-%m-%d %H:%M:%S"),
            "remitter_full_name": "Kofi Boateng",
            "unique_transaction_reference": str(secrets.randbelow(10**12)),
            "payment_mode": "UPI",
            "amount": float(wish["amount"]),
            "service_charge": 0.0,
            "status": wish.get("status", "received"),
            "virtual_account": {name: account.get(name) for name in ("id", "label", "virtual_account_number")},
        }
        payments.append(paid)
        event = {"event": "TRANSACTION_CREDIT", "data": {**paid, "Authorization": ""}}
        values = (paid["unique_transaction_reference"], str(paid["amount"]), paid["status"])
        event["data"]["Authorization"] = signed(*values)
        peer.notify(webhook_url, json.dumps(event).encode(), {"Content-Type": "application/json"})
        return jsonify(paid)
