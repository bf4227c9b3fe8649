"""The sandbox provider's HTTP side: charges and payouts under ``/v1``, each order once per ``Idempotency-Key``.

POST /v1/charges                   GET /v1/charges/{id}    GET /v1/charges?reference={our key}
POST /v1/payouts                   GET /v1/payouts/{id}    GET /v1/payouts?reference={our key}
"""

import json
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from domains.payments.gateways.sandbox_provider import Provider

LARGEST_BODY: Final = 65_536
_PATH: Final = re.compile(r"/v1/(charge|payout)s(?:/(\w+))?")


def serve(provider: Provider, *, host: str, port: int, silence: float = 8.0) -> ThreadingHTTPServer:
    """A server that is ready to ``serve_forever``. ``silence``: seconds it leaves a caller waiting, longer than any
    waits."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            path = _PATH.fullmatch(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            if path is None or path[2] or length > LARGEST_BODY:
                self.close_connection = True  # the body is still in it
                return self._say(404, {"error": {"code": "not_found"}})
            answer = provider.order(path[1], self.headers.get("Idempotency-Key", ""), self.rfile.read(length))
            if answer.silent:
                time.sleep(silence)
                self.close_connection = True
                return None
            return self._send(answer.status, answer.body)

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            path = _PATH.fullmatch(url.path)
            if url.path == "/health":
                return self._say(200, {"live": False})
            if path and path[2]:
                thing = provider.get(path[1], path[2])
                return self._say(200, thing) if thing else self._say(404, {"error": {"code": "not_found"}})
            if path and (reference := parse_qs(url.query).get("reference")):
                return self._say(200, {"items": provider.list(path[1], reference[0])})
            return self._say(404, {"error": {"code": "not_found"}})

        def _say(self, status: int, content: Any) -> None:
            self._send(status, json.dumps(content).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return ThreadingHTTPServer((host, port), Handler)
