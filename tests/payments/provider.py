"""The sandbox provider as a real server, in a thread of the test process, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer

from django.test import override_settings

from domains.payments.gateways import sandbox_server
from domains.payments.gateways.sandbox_server import Provider, serve

SECRET = "whsec_test"


@dataclass
class Running:
    """The provider, and the webhooks it has sent so far: (headers, body)."""

    provider: Provider
    webhooks: list[tuple[dict[str, str], bytes]]

    def charges(self) -> int:
        return len(self.provider.objects)


@contextmanager
def sandbox() -> Iterator[Running]:
    """Settings point at it while it runs; its webhooks are collected, not delivered."""
    webhooks: list[tuple[dict[str, str], bytes]] = []
    catcher = HTTPServer(("127.0.0.1", 0), _catching(webhooks))
    provider = Provider(f"http://127.0.0.1:{catcher.server_port}/", SECRET)
    server = serve(provider, host="127.0.0.1", port=0)
    for one in (catcher, server):
        threading.Thread(target=one.serve_forever, daemon=True).start()
    with override_settings(
        SANDBOX_GATEWAY_URL=f"http://127.0.0.1:{server.server_port}", SANDBOX_WEBHOOK_SECRETS=[SECRET, "whsec_old"]
    ):
        try:
            yield Running(provider, webhooks)
        finally:
            server.shutdown()
            catcher.shutdown()
            server.server_close()
            catcher.server_close()


def _catching(webhooks: list[tuple[dict[str, str], bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            webhooks.append((dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


__all__ = ["SECRET", "Running", "sandbox", "sandbox_server"]
