"""As much of Twilio as a text needs: a server of its own that speaks its protocol and remembers what it was asked."""

import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SID, TOKEN = "AC" + "0" * 32, "a-secret-of-thirty-two-characters"
OPTED_OUT, NO_NUMBER, BUSY, BROKEN, ENDLESS, ELSEWHERE = (f"+23324000000{n}" for n in range(1, 7))
# As on twilio.com/docs/api/errors.
_REFUSALS = {OPTED_OUT: (400, 21610), NO_NUMBER: (400, 21211), BUSY: (429, 20429), BROKEN: (500, 20500)}


@dataclass
class Asked:
    path: str
    form: dict[str, str]


@dataclass
class TwilioServer:
    """``messages``: what it took. ``slow``: seconds before it answers."""

    url: str = ""
    slow: float = 0.0
    messages: list[Asked] = field(default_factory=list)


@contextmanager
def twilio_server() -> Iterator[TwilioServer]:
    state = TwilioServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}
            time.sleep(state.slow)
            kind, _, credentials = self.headers.get("Authorization", "").partition(" ")
            if kind != "Basic" or b64decode(credentials).decode() != f"{SID}:{TOKEN}":
                return self._answer(401, {"code": 20003, "message": "Authenticate", "status": 401})
            return self._take(Asked(self.path, form))

        def _take(self, asked: Asked) -> None:
            number = asked.form["To"]
            if number in _REFUSALS:
                status, code = _REFUSALS[number]
                return self._answer(status, {"code": code, "message": f"About {number}", "status": status})
            if number == ELSEWHERE:
                return self._answer(307, {}, Location="http://127.0.0.1:1/")
            state.messages.append(asked)
            if number == ENDLESS:
                return self._answer(201, {"sid": "SM" + "9" * 1_000_000})
            sid = f"SM{len(state.messages):032}"
            return self._answer(201, {"sid": sid, "status": "queued", "error_code": None, "to": number})

        def _answer(self, status: int, answer: object, **headers: str) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(content)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                return  # nobody waited

        def log_message(self, *words: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield state
        server.shutdown()
