"""The sandbox provider's own side: a small HTTP server that keeps charges and payouts and sends signed webhooks.

Honest about being one: every object says ``"sandbox": true``. Magic instruments play what real providers do::

    tok_success            succeeds at once          tok_decline     refused
    tok_pending            succeeds a second later   tok_webhook_twice  tells of its success twice
    tok_timeout_charged    charges, but never answers the first call
    tok_error_charged      charges, but answers the first call with 500
    tok_amount_drift       succeeds with one minor unit less
    acct_success, acct_reject, acct_pending, acct_timeout_paid   the same for payouts
"""

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from domains.payments.gateways.signatures import sign

SILENCE = 8.0  # seconds without an answer: longer than any caller waits
DELAY = 1.0  # seconds until what is pending succeeds
RETRIES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


@dataclass
class Provider:
    """Everything the provider knows, and where it tells of it."""

    webhook_url: str
    webhook_secret: str
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, kind: str, order: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """The object of an order and whether it is new: a reference makes one object, however often it comes."""
        with self.lock:
            known = self.objects.get(order["reference"])
            if known:
                return known, False
            made = {
                "id": f"{kind[:2]}_{secrets.token_hex(8)}",
                "kind": kind,
                "reference": order["reference"],
                "amount": int(order["amount"]),
                "currency": order["currency"],
                "instrument": order["instrument"],
                "status": "succeeded",
                "failure": None,
                "sandbox": True,
            }
            what = order["instrument"].partition("_")[2]
            if what in ("decline", "reject"):
                made.update(status="failed", failure="refused_by_issuer")
            elif what == "pending":
                made["status"] = "pending"
            elif what == "amount_drift":
                made["amount"] -= 1
            self.objects[order["reference"]] = made
        return made, True

    def settle_later(self, thing: dict[str, Any]) -> None:
        time.sleep(DELAY)
        with self.lock:
            thing["status"] = "succeeded"
        self.tell(thing)

    def tell(self, thing: Mapping[str, Any], *, times: int = 1) -> None:
        """Send the webhook until it is taken; ``times`` for providers that repeat themselves."""
        event = {"id": f"evt_{secrets.token_hex(8)}", "kind": thing["kind"], "reference": thing["reference"]}
        body = json.dumps(event).encode()
        for _ in range(times):
            threading.Thread(target=self._deliver, args=(body,), daemon=True).start()

    def _deliver(self, body: bytes) -> None:
        for wait in RETRIES:
            time.sleep(wait)
            header = sign(self.webhook_secret, body, at=int(time.time()))
            headers = {"Sandbox-Signature": header, "Content-Type": "application/json"}
            try:
                if httpx.post(self.webhook_url, content=body, headers=headers, timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                continue


def serve(provider: Provider, *, host: str, port: int) -> ThreadingHTTPServer:
    """A server that is ready to ``serve_forever``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            kind = {"/v1/charges": "charge", "/v1/payouts": "payout"}.get(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            try:
                order = json.loads(self.rfile.read(length))
                thing, new = provider.create(str(kind), order)
            except (ValueError, KeyError, TypeError):
                return self._answer(400, {"error": "an order has reference, amount, currency and instrument"})
            if kind is None:
                return self._answer(404, {"error": "no such thing"})
            what = thing["instrument"].partition("_")[2]
            if new:
                self._play(thing, what)
            if new and what.startswith("timeout"):
                time.sleep(SILENCE)
                self.close_connection = True
                return None
            if new and what.startswith("error"):
                return self._answer(500, {"error": "something broke after the charge"})
            return self._answer(200, thing)

        def do_GET(self) -> None:
            if self.path == "/health":
                return self._answer(200, {"sandbox": True})
            thing = provider.objects.get(self.path.rsplit("/", 1)[-1])
            return self._answer(200, thing) if thing else self._answer(404, {"error": "no such order"})

        def _play(self, thing: dict[str, Any], what: str) -> None:
            if what == "pending":
                threading.Thread(target=provider.settle_later, args=(thing,), daemon=True).start()
            else:
                provider.tell(thing, times=2 if what == "webhook_twice" else 1)

        def _answer(self, status: int, body: Mapping[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return ThreadingHTTPServer((host, port), Handler)
