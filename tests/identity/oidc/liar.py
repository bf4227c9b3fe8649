"""A provider that is strict with us, and lies when a test tells it to.

Strict: a code is redeemed once, with the client's secret, the redirect address it was asked with, and PKCE's verifier.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT = {"client_id": "kelmah", "client_secret": "a secret of the client"}


class Liar(ThreadingHTTPServer):
    """Honest and strict at first. ``claims`` and ``document`` change what it says, ``sign`` how, ``answers`` replace
    whole answers by path, ``asked`` is what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.key = ECKey.generate_key("P-256", {"kid": "first"})
        self.published = [self.key]
        self.person: dict[str, Any] = {"sub": "1", "email": "ama@example.com", "email_verified": True, "name": "Ama"}
        self.claims: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.back: dict[str, str] = {}
        self.answers: dict[str, Callable[[], tuple[int, bytes]]] = {}
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}

    def signed(self, claims: dict[str, Any], *, key: ECKey | RSAKey | None = None, **header: Any) -> str:
        key = key or self.key
        return jwt.encode(
            {"alg": "ES256", "kid": key.kid, **header}, claims, key, algorithms=[header.get("alg", "ES256")]
        )

    def metadata(self) -> dict[str, Any]:
        honest = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return honest | self.document

    def authorize(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']} | self.back)}"

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or {name: form.get(name) for name in CLIENT} != CLIENT:
            return None
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked.get("code_challenge", challenge.decode().rstrip("=")) != challenge.decode().rstrip("="):
            return None
        now = int(time.time())
        honest = {"iss": self.issuer, "aud": "kelmah", "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = honest | self.person | self.claims
        id_token = self.sign({name: value for name, value in claims.items() if value is not None})
        return {"access_token": "of no use", "token_type": "Bearer", "id_token": id_token}


class _Handler(BaseHTTPRequestHandler):
    server: Liar

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if self._told(url.path):
            return
        if url.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.server.authorize(dict(parse_qsl(url.query))))
            self.end_headers()
        elif url.path == "/keys":
            self._say(200, {"keys": [key.as_dict(private=False) for key in self.server.published]})
        else:
            self._say(200, self.server.metadata())

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if self._told(self.path):
            return
        said = self.server.token(form)
        self._say(200 if said else 400, said or {"error": "invalid_grant"})

    def log_message(self, *arguments: object) -> None:
        """Not on the screen."""

    def _told(self, path: str) -> bool:
        self.server.asked.append(path)
        if path not in self.server.answers:
            return False
        self._send(*self.server.answers[path]())
        return True

    def _say(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def lying_provider() -> Iterator[Liar]:
    with Liar() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
