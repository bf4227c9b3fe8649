"""What every peer has beside its provider's protocol: a port, faults on demand, a record of what it did, notices.

A provider's module makes a ``Peer``, adds the provider's routes to ``peer.app`` and calls ``serve``; it is started as
``python -m tests.peers.<provider> --port 0 --plan '{"webhook_url": …}'``, listens on the loopback only, and says its
address in its first line. ``tests.peers.running`` starts one for a test.

GET    /_control           {"movements": what moved, "calls": requests that came, "notices": what was sent}
POST   /_control/faults    one more ``Fault``
POST   /_control/notices   {"mode": "once" | "drop" | "twice" | "late", "seconds": …}
POST   /_control/settle    what still waits at the provider gets its end now
DELETE /_control           forget faults and mode
"""

import argparse
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import httpx
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

_ODD: Final = ("408", "409", "423", "425")  # statuses of a request that goes on, or that something between gave up
_DONE: Final = frozenset(  # the request is carried out all the same
    {"silence", "error", "garbage", "slow", "moved", "empty", "list", "cut", *_ODD}
)
_NOT_DONE: Final = frozenset({"lost", "refuse", "limit", "deny"})


@dataclass(frozen=True, kw_only=True)
class Movement:
    """An object of the provider that moves money, or tried to, under the key of whoever ordered it.

    ``kind`` is charge, payout or refund; ``minor`` counts minor units; ``moved``: whether money really changed hands.
    """

    kind: str
    key: str
    ref: str
    minor: int
    currency: str
    state: str
    moved: bool


@dataclass(kw_only=True)
class Fault:
    """What happens to the next ``times`` requests whose ``"METHOD /path"`` matches ``on``.

    Carried out, but ``silence``: the connection breaks after ``seconds`` without an answer; ``error``: a 500;
    ``garbage``: a 502 with a page; ``slow``: answered after ``seconds``; ``408``, ``409``, ``423``, ``425``: that
    status; ``moved``: a 302; ``empty``: a 200 with nothing; ``list``: a 200 with a list of nothing; ``cut``: half of
    the answer. Not carried out: ``lost``: silence; ``refuse``: a 503; ``limit``: a 429; ``deny``: a 401.
    """

    on: str
    does: str
    times: int = 1
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.does not in _DONE | _NOT_DONE:
            raise ValueError(self.does)


@dataclass
class Peer:
    """One provider's server. ``movements`` reads its state; ``settle`` brings what is pending to its end."""

    name: str
    movements: Callable[[], list[Movement]]
    settle: Callable[[], None] = lambda: None
    faults: list[Fault] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    mode: str = "once"
    lateness: float = 0.5
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.app = Flask(self.name)
        self.app.before_request(self._before)
        self.app.after_request(self._after)
        self.app.add_url_rule("/_control", view_func=self._happened, methods=["GET", "DELETE"])
        self.app.add_url_rule("/_control/<what>", view_func=self._told, methods=["POST"])

    def notify(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        method: str = "POST",
        retries: tuple[float, ...] = (),
    ) -> None:
        """Send a notice in the background; again after each of ``retries`` seconds until it is answered with 2xx."""
        with self.lock:
            mode, wait = self.mode, self.lateness if self.mode == "late" else 0.0
            self.notices.append({"url": url, "method": method, "body": body.decode(), "mode": mode})
        for _ in range({"drop": 0, "twice": 2}.get(mode, 1)):
            arguments = (method, url, body, dict(headers), (wait, *retries))
            threading.Thread(target=_deliver, args=arguments, daemon=True).start()

    # What Flask calls

    def _before(self) -> Response | None:
        if request.path.startswith("/_control"):
            return None
        with self.lock:
            self.calls.append({"method": request.method, "path": request.path, "headers": dict(request.headers)})
            fault = self._fault_for(f"{request.method} {request.path}")
        request.environ["peer.fault"] = fault
        match fault.does if fault else "":
            case "lost":
                return _silent(fault)
            case "refuse":
                return Response("unavailable", 503)
            case "limit":
                return Response("slow down", 429, {"Retry-After": "1"})
            case "deny":
                return Response("unauthorized", 401)
        return None

    def _after(self, response: Response) -> Response:
        fault: Fault | None = request.environ.get("peer.fault")
        match fault.does if fault else "":
            case "silence":
                return _silent(fault)
            case "slow":
                time.sleep(fault.seconds)
            case "error":
                return Response('{"message": "internal error"}', 500, {"Content-Type": "application/json"})
            case "garbage":
                return Response("<html>Bad gateway</html>", 502, {"Content-Type": "text/html"})
            case "moved":
                return Response("", 302, {"Location": "/elsewhere"})
            case "empty":
                return Response("", 200)
            case "list":
                return jsonify([])
            case "cut":
                whole = response.get_data()
                return Response(whole[: len(whole) // 2], 200, {**response.headers, "Content-Length": str(len(whole))})
            case status if status in _ODD:
                return Response('{"status": false, "message": "In progress"}', int(status), mimetype="application/json")
        return response

    def _fault_for(self, call: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and re.search(fault.on, call):
                fault.times -= 1
                return fault
        return None

    def _happened(self) -> Response:
        with self.lock:
            if request.method == "DELETE":
                self.faults.clear()
                self.mode = "once"
            movements = [asdict(movement) for movement in self.movements()]
            return jsonify(movements=movements, calls=list(self.calls), notices=list(self.notices))

    def _told(self, what: str) -> tuple[str, int]:
        order = request.get_json(silent=True) or {}
        if what == "faults":
            self.faults.append(Fault(**order))
        elif what == "notices":
            self.mode, self.lateness = order["mode"], order.get("seconds", self.lateness)
        elif what == "settle":
            self.settle()
        else:
            return "", 404
        return "", 204


def plan_from(arguments: list[str] | None = None) -> tuple[int, dict[str, Any]]:
    """The port and the plan that a peer was started with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plan", type=json.loads, default={}, help="the provider's own settings, as JSON")
    given = parser.parse_args(arguments)
    return given.port, given.plan


def serve(peer: Peer, *, port: int) -> None:
    """Listen on the loopback until killed."""
    server = make_server("127.0.0.1", port, peer.app, threaded=True)
    print(f"{peer.name} at http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


# Private functions


def _silent(fault: Fault) -> Response:
    """The connection breaks without a byte: whoever asked can't know what happened."""
    time.sleep(fault.seconds)
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response("", 503)


def _deliver(method: str, url: str, body: bytes, headers: dict[str, str], waits: tuple[float, ...]) -> None:
    for wait in waits:
        time.sleep(wait)
        try:
            if httpx.request(method, url, content=body, headers=headers, timeout=5).is_success:
                return
        except httpx.HTTPError:
            continue
