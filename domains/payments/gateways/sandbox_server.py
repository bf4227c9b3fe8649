"""The sandbox provider's HTTP side. Each order is carried out once per ``Idempotency-Key``.

POST /v1/charges, /v1/payouts, /v1/refunds     GET …/{id}, GET …?reference={our key}
POST /v1/payout_batches {"payouts": [{"reference": …, "amount": …, "currency": …, "instrument": …}]}
GET  /v1/disputes/{id}    GET /v1/statement?day=2026-11-20    GET /v1/balance    GET /v1/accounts/{account}
POST /_control/faults {"on": "POST /v1/charges", "does": "silence"}, DELETE /_control/faults
POST /_control/disputes {"charge": …, "phase": "withdrawn", "ref": …}
POST /v1/addresses {"currency": "GHS"}; POST /_control/credits {"address": …, "amount": 1500, "currency": "GHS"}
"""

import json
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from domains.payments.gateways.sandbox_plan import CARRIED_OUT
from domains.payments.gateways.sandbox_provider import Answer, Provider
from domains.payments.gateways.sandbox_scripts import holder_of

LARGEST_BODY: Final = 65_536
_ORDERS: Final = re.compile(r"/v1/(charge|payout|refund)s")
_OBJECT: Final = re.compile(r"/v1/(charge|payout|refund|dispute|credit)s/(\w+)")
_POSTED: Final = re.compile(r"/v1/(charges|payouts|refunds|addresses|payout_batches)|/_control/\w+")
_ACCOUNT: Final = re.compile(r"/v1/accounts/(\w+)")
_INSTEAD: Final = {
    "lost": Answer(0, b"", silent=True),
    "refuse": Answer(503, b'{"error": {"code": "unavailable"}}'),
    "limit": Answer(429, b'{"error": {"code": "too_many_requests"}}'),
    "unauthorized": Answer(401, b'{"error": {"code": "unauthorized"}}'),
    "silence": Answer(0, b"", silent=True),
    "error": Answer(500, b'{"error": {"code": "internal"}}'),
    "garbage": Answer(200, b"<html>Bad gateway</html>"),
}
_NOT_FOUND: Final = Answer(404, b'{"error": {"code": "not_found"}}')


def serve(provider: Provider, *, host: str, port: int, silence: float = 8.0) -> ThreadingHTTPServer:
    """A server that is ready to ``serve_forever``. ``silence``: seconds it leaves a caller waiting, longer than any
    waits."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > LARGEST_BODY or not _POSTED.fullmatch(self.path):
                self.close_connection = True  # the body is still in it
                return self._send(_NOT_FOUND)
            body, key = self.rfile.read(length), self.headers.get("Idempotency-Key", "")
            return self._answer(lambda: posted(provider, self.path, key, body))

        def do_GET(self) -> None:
            self._answer(lambda: got(provider, self.path))

        def do_DELETE(self) -> None:
            provider.plan.clear()
            self._send(_said(200, {}))

        def _answer(self, act: Any) -> None:
            fault = provider.plan.fault_for(f"{self.command} {self.path}")
            answer = act() if not fault or fault in CARRIED_OUT else _NOT_FOUND
            self._send(_INSTEAD.get(fault, answer))

        def _send(self, answer: Answer) -> None:
            if answer.silent:
                time.sleep(silence)
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return ThreadingHTTPServer((host, port), Handler)


def posted(provider: Provider, path: str, key: str, body: bytes) -> Answer:
    """An order, or what whoever tests wants to go wrong."""
    if order := _ORDERS.fullmatch(path):
        return provider.order(order[1], key, body)
    if path == "/v1/payout_batches":
        return provider.payout_batch(key, body)
    try:
        wish = json.loads(body)
        if path == "/v1/addresses":
            return provider.address(key, body)
        if path == "/_control/credits":
            return _said(200, {"id": provider.pay(**wish)})
        if path == "/_control/faults":
            provider.plan.add(wish)
            return _said(200, {})
        if path == "/_control/disputes":
            return _said(200, {"id": provider.dispute(**wish)})
    except (ValueError, TypeError, KeyError, re.error):
        return Answer(400, b'{"error": {"code": "wish_invalid"}}')
    return _NOT_FOUND


def got(provider: Provider, address: str) -> Answer:
    """What is asked for, as it is now."""
    url = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    if found := _OBJECT.fullmatch(url.path):
        thing = provider.get(found[1], found[2])
        return _said(200, thing) if thing else _NOT_FOUND
    if (found := _ORDERS.fullmatch(url.path)) and "reference" in query:
        return _said(200, {"items": provider.objects_of(found[1], query["reference"])})
    if found := _ACCOUNT.fullmatch(url.path):
        holder = holder_of(found[1])
        return _said(200, {"name": holder}) if holder else _NOT_FOUND
    match url.path:
        case "/v1/statement":
            return _said(200, {"lines": provider.lines(query.get("day", "no day"))})
        case "/v1/balance":
            return _said(200, {"held": provider.balance()})
        case "/health":
            return _said(200, {"live": False})
    return _NOT_FOUND


# Private functions


def _said(status: int, content: Any) -> Answer:
    return Answer(status, json.dumps(content).encode())
