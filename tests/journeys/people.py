"""People who use Kelmah as a phone would: over HTTP and one WebSocket, knowing nothing but the public API."""

import hashlib
import json
import secrets
import time
from contextlib import ExitStack
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.journeys.mailbox import Post
from tests.journeys.narrator import BrokenPromise, Narrator, expect

GHS = "GHS"


def cedis(amount: float) -> dict[str, Any]:
    """Money as the API writes it: 12.5 cedis are 1250 pesewas."""
    return {"amount": round(amount * 100), "currency": GHS}


class Client:
    """One person's requests. Every call names what it does, which is told, and the status it expects.

    ``patience``: seconds for which the app tries again when it is told that something is not available now, or loses
    the connection, each time under the same Idempotency-Key.
    """

    def __init__(self, name: str, base_url: str, narrator: Narrator, *, patience: float = 0.0) -> None:
        self.name = name
        self.patience = patience
        self.narrator = narrator
        self.http = httpx.Client(base_url=base_url, timeout=20)
        self.tokens: dict[str, Any] = {}
        self.form: dict[str, Any] = {}  # of the sign-up

    @property
    def user_id(self) -> str:
        return str(self.tokens["user"]["id"])

    def sign_up(self, form: dict[str, Any], letters: Post) -> None:
        """From the form to the tokens, with what the letter says."""
        self.form = form
        address = form.get("email") or form["phone"]
        read = len(letters.to(address))
        begun = self.post("/auth/register", form, f"registers as {form['role']}", expects=202)
        proof = {"registration_id": begun["registration_id"], "secret": letters.secret(address, after=read)}
        self.tokens = self.post("/auth/register/confirm", proof, "brings back what the letter says", expects=201)

    def get(self, path: str, what: str = "", *, expects: int = 200, **query: Any) -> Any:
        return self._call("GET", path, what, expects=expects, params=query).json()

    def post(self, path: str, body: Any = None, what: str = "", *, expects: int = 200, **headers: str) -> Any:
        response = self._call("POST", path, what, expects=expects, body=body, headers=headers)
        return response.json() if response.content else None

    def patch(self, path: str, body: Any, what: str = "", *, expects: int = 200, **headers: str) -> Any:
        return self._call("PATCH", path, what, expects=expects, body=body, headers=headers).json()

    def is_refused(
        self, method: str, path: str, what: str, *, status: int, code: str, body: Any = None, **headers: str
    ) -> dict[str, Any]:
        """The call must be refused with exactly this status and problem code."""
        response = self._send(method, path, body=body, headers=headers)
        problem = response.json() if response.content else {}
        kind = response.headers.get("content-type", "")
        expect(
            response.status_code == status
            and problem.get("code") == code
            and kind.startswith("application/problem+json"),
            f"{self.name}: {what} must be refused with {status} {code}",
            f"{response.status_code} {kind} {problem}",
        )
        for member in ("type", "title", "status", "detail", "request_id"):
            expect(member in problem, f"a problem has a {member}", problem)
        self.narrator.was_refused(self.name, what, status, code)
        return dict(problem)

    def download(self, path: str) -> bytes:
        """Follow the download link as a browser would: without the token, wherever it points."""
        response = self._send("GET", path)
        expect(response.status_code == 302, "a download answers with a short link", response.status_code)
        link = httpx.URL(str(self.http.base_url)).join(response.headers["location"])
        content = httpx.get(link, timeout=20)
        expect(content.status_code == 200, "the link gives the file", content.status_code)
        disposition = content.headers.get("content-disposition", "")
        expect(disposition.startswith("attachment"), "files are never shown inline", disposition)
        return content.content

    def upload(self, name: str, content_type: str, data: bytes, *, kind: str) -> dict[str, Any]:
        """Announce, send and complete an upload; returns the file's metadata, whatever its state."""
        announced = self.post(
            "/files/uploads",
            {"name": name, "content_type": content_type, "size": len(data), "kind": kind},
            expects=201,
        )
        target = announced["upload"]
        url = httpx.URL(str(self.http.base_url)).join(target["url"])
        sent = httpx.request(target["method"], url, content=data, headers=target["headers"], timeout=20)
        expect(sent.status_code == 204, "the announced upload is taken", f"{sent.status_code} {sent.text}")
        digest = hashlib.sha256(data).hexdigest()
        response = self._send("POST", f"/files/uploads/{announced['file_id']}/complete", body={"sha256": digest})
        return {"status": response.status_code, "file_id": announced["file_id"], **response.json()}

    def _call(self, method: str, path: str, what: str, *, expects: int, **request: Any) -> httpx.Response:
        response = self._send(method, path, **request)
        if response.status_code != expects:
            answer = f"{response.status_code} instead of {expects}: {response.text[:600]}"
            raise BrokenPromise(f"{self.name}: {method} {path} answered {answer}")
        if what:
            self.narrator.did(self.name, what, response.status_code)
        return response

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Any = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if "access_token" in self.tokens and "Authorization" not in names:
            names["Authorization"] = f"Bearer {self.tokens['access_token']}"
        if method == "POST":
            names.setdefault("Idempotency-Key", secrets.token_hex(12))
        until = time.monotonic() + self.patience
        while True:
            try:
                answer = self.http.request(method, f"/api/v1{path}", json=body, params=params, headers=names)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
            else:
                busy = answer.status_code == 409 and answer.json().get("code") == "request_in_flight"
                if not (busy or answer.status_code in (502, 503, 504)) or time.monotonic() > until:
                    return answer
            time.sleep(0.5)


class Phone:
    """One WebSocket of a person: what it received, in order."""

    def __init__(self, owner: Client, live_url: str) -> None:
        self.owner = owner
        ticket = owner.post("/live/tickets", expects=201)["ticket"]
        self._open = ExitStack()
        self.socket: ClientConnection = self._open.enter_context(
            connect(f"{live_url}/ws", subprotocols=[Subprotocol("kelmah.v1")], compression=None)
        )
        self.send(type="hello", ticket=ticket)
        self.frames: list[dict[str, Any]] = []
        self.wait_for("welcome")

    def send(self, **frame: Any) -> None:
        self.socket.send(json.dumps(frame))

    def wait_for(self, kind: str, *, seconds: float = 10, **members: Any) -> dict[str, Any]:
        """The next frame of this kind with these members. Raises BrokenPromise."""
        while True:
            try:
                frame = json.loads(self.socket.recv(timeout=seconds))
            except (TimeoutError, ConnectionClosed) as error:
                raise BrokenPromise(f"{self.owner.name} waited for {kind} {members}, got {error!r}") from None
            self.frames.append(frame)
            if frame["type"] == kind and all(frame.get(name) == value for name, value in members.items()):
                return dict(frame)

    def drop(self) -> None:
        """The network is gone: no goodbye."""
        self.socket.socket.close()

    def close(self) -> None:
        self._open.close()
