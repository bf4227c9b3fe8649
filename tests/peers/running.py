"""A peer as a process of its own beside a test, and everything it sends us caught on a port of this process."""

import json
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

import httpx

ROOT = Path(__file__).resolve().parents[2]

Notice = tuple[dict[str, str], bytes]  # headers, body


@dataclass
class Running:
    """A running peer; ``notices`` are those that reached us at ``hears_at``, oldest first."""

    url: str
    hears_at: str
    notices: list[Notice] = field(default_factory=list)

    def fault(self, on: str, does: str, *, times: int = 1, seconds: float = 0.0) -> None:
        """``does`` to the next ``times`` requests whose ``"METHOD /path"`` matches ``on`` (see ``serving.Fault``)."""
        self._tell("faults", {"on": on, "does": does, "times": times, "seconds": seconds})

    def notices_are(self, mode: str, *, seconds: float = 0.5) -> None:
        """once, drop, twice or late."""
        self._tell("notices", {"mode": mode, "seconds": seconds})

    def settle(self) -> None:
        """What is pending at the provider gets its end now."""
        self._tell("settle", {})

    def calm(self) -> None:
        """No more faults, notices as usual."""
        httpx.delete(f"{self.url}/_control").raise_for_status()

    def movements(self, key: object, *, kind: str = "") -> list[dict[str, Any]]:
        """What the provider holds under a key of ours: one, if all is well."""
        return [m for m in self.happened()["movements"] if m["key"] == str(key) and kind in ("", m["kind"])]

    def calls(self, on: str) -> list[dict[str, Any]]:
        """The requests that came, of one ``"METHOD /path-prefix"``."""
        return [call for call in self.happened()["calls"] if f"{call['method']} {call['path']}".startswith(on)]

    def notices_about(self, text: object, *, count: int) -> list[Notice]:
        """Waits until it has told us about something that often."""
        deadline = time.monotonic() + 10
        while len(found := [notice for notice in self.notices if str(text).encode() in notice[1]]) < count:
            assert time.monotonic() < deadline, f"{len(found)} notices instead of {count}"
            time.sleep(0.02)
        return found

    def happened(self) -> dict[str, Any]:
        return httpx.get(f"{self.url}/_control").raise_for_status().json()

    def _tell(self, what: str, order: dict[str, Any]) -> None:
        httpx.post(f"{self.url}/_control/{what}", json=order).raise_for_status()


@contextmanager
def process(provider: str, plan: dict[str, Any]) -> Iterator[str]:
    """``python -m tests.peers.<provider>`` on a free port; yields its address."""
    command = [sys.executable, "-m", f"tests.peers.{provider}", "--port", "0", "--plan", json.dumps(plan)]
    running = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert "http://" in line, f"{provider} did not start: {line!r}"
        yield line[line.index("http://") :].strip()
    finally:
        running.terminate()
        running.wait(timeout=10)


@contextmanager
def peer(provider: str, **plan: Any) -> Iterator[Running]:
    """A peer whose notices are kept here, not delivered; ``plan`` gains ``webhook_url``."""
    notices: list[Notice] = []
    catcher = ThreadingHTTPServer(("127.0.0.1", 0), _catching(notices))
    hears_at = f"http://127.0.0.1:{catcher.server_port}/"
    threading.Thread(target=catcher.serve_forever, daemon=True).start()
    try:
        with process(provider, {"webhook_url": hears_at, **plan}) as url:
            yield Running(url, hears_at, notices)
    finally:
        catcher.shutdown()
        catcher.server_close()


# Private functions


def _catching(notices: list[Notice]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            notices.append((dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
