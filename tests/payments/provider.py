"""The sandbox provider as a process of its own, and everything it sends us caught on a port of this process."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_test"
DELAY = 0.3  # seconds until the provider does what it does later
SILENCE = 2.0  # seconds it leaves a caller waiting

_client = httpx.Client(timeout=60)  # one: making one costs more than what it asks
Webhook = tuple[dict[str, str], bytes]  # headers, body


@dataclass
class Provider:
    """A running provider; ``webhooks`` are those it sent, oldest first."""

    url: str
    webhooks: list[Webhook] = field(default_factory=list)

    def charges(self, key: UUID) -> list[dict[str, Any]]:
        """What it holds under the key of one of our orders."""
        return _client.get(f"{self.url}/v1/charges", params={"reference": str(key)}).json()["items"]

    def payouts(self, key: UUID) -> list[dict[str, Any]]:
        return _client.get(f"{self.url}/v1/payouts", params={"reference": str(key)}).json()["items"]

    def refunds(self, key: UUID) -> list[dict[str, Any]]:
        return _client.get(f"{self.url}/v1/refunds", params={"reference": str(key)}).json()["items"]

    def charge(self, key: object, *, amount: int, token: str = "tok_success") -> dict[str, Any]:
        """A charge that somebody made there, under any reference."""
        order = {"reference": str(key), "amount": amount, "currency": "GHS", "instrument": token}
        return _client.post(f"{self.url}/v1/charges", json=order, headers={"Idempotency-Key": str(key)}).json()

    def make(self, path: str, wish: dict[str, Any], *, key: str = "") -> str:
        """Something that somebody has it do beside us; its name there."""
        answer = _client.post(f"{self.url}{path}", json=wish, headers={"Idempotency-Key": key})
        return str(answer.raise_for_status().json()["id"])

    def pay(self, address: str, minor: int, *, currency: str = "GHS", times: int = 1) -> str:
        """Somebody pays to an address, which is told in so many events; the credit's id."""
        wish = {"address": address, "amount": minor, "currency": currency, "times": times}
        return self.make("/_control/credits", wish)

    def webhooks_about(self, key: object, *, count: int) -> list[Webhook]:
        """Waits until it has told of the order that often."""
        deadline = time.monotonic() + 10
        while len(found := [hook for hook in self.webhooks if str(key).encode() in hook[1]]) < count:
            assert time.monotonic() < deadline, f"{len(found)} webhooks instead of {count}"
            time.sleep(0.02)
        return found


@contextmanager
def running(webhook_url: str, *, delay: float = DELAY) -> Iterator[str]:
    """``manage.py sandbox_gateway`` on a free port; yields its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KELMAH_")}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "KELMAH_EXTRA_DOMAINS": "",
        "LOCAL_DOMAINS": "payments",
        "SANDBOX_WEBHOOK_URL": webhook_url,
        "SANDBOX_WEBHOOK_SECRETS": SECRET,
    }
    command = (sys.executable, "manage.py", "sandbox_gateway", "--port", "0")
    pace = ("--delay", str(delay), "--silence", str(SILENCE))
    process = subprocess.Popen([*command, *pace], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, f"the provider did not start: {line!r}"
        yield line[line.index("http://") :].strip()
    finally:
        process.terminate()
        process.wait(timeout=60)  # a second, but for a machine that has much else to do


@contextmanager
def caught(*, delay: float = DELAY) -> Iterator[Provider]:
    """A provider whose webhooks are kept here, not delivered."""
    provider = Provider("")
    catcher = ThreadingHTTPServer(("127.0.0.1", 0), _catching(provider.webhooks))
    threading.Thread(target=catcher.serve_forever, daemon=True).start()
    with running(f"http://127.0.0.1:{catcher.server_port}/", delay=delay) as provider.url:
        yield provider
    catcher.shutdown()
    catcher.server_close()


def _catching(webhooks: list[Webhook]) -> type[BaseHTTPRequestHandler]:
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
