"""The REST API as tests see it."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import httpx
from django.test import Client
from django.utils.http import urlencode

from kelmah import clock
from kelmah.ids import new_id
from kelmah.principal import Principal

PREFIX = "/api/v1"


class Answer:
    """A response: ``status``, ``json``, ``headers``, and the problem's ``code`` when it is one. ``raw`` is the client's
    own."""

    def __init__(self, response: Any) -> None:
        self.raw = response
        self.status: int = response.status_code
        self.headers = response.headers
        is_json = "json" in response.headers.get("Content-Type", "")
        self.json: Any = json.loads(response.content) if is_json and response.content else None

    @property
    def content(self) -> bytes:
        return b"".join(self.raw.streaming_content) if getattr(self.raw, "streaming", False) else self.raw.content

    @property
    def code(self) -> str | None:
        return self.json.get("code") if isinstance(self.json, dict) else None

    @property
    def etag(self) -> str:
        return str(self.headers["ETag"])

    def __repr__(self) -> str:
        return f"<{self.status} {self.json}>"


class ApiClient:
    """Sends requests as a principal, or as nobody. Paths are relative to ``/api/v1`` unless they begin with a slash
    and another root (``/admin/``, ``/health/live``)."""

    process: ClassVar[httpx.Client | None] = None  # who answers, unless it is this process (kelmah.testing.own_process)

    def __init__(self, token: str | None = None) -> None:
        self._client = Client(raise_request_exception=False)
        self._token = token

    @property
    def anonymous(self) -> "ApiClient":
        return ApiClient()

    def as_(self, principal: Principal) -> "ApiClient":
        return ApiClient(access_token(principal))

    def with_token(self, token: str) -> "ApiClient":
        return ApiClient(token)

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", f"{path}?{urlencode(query, doseq=True)}" if query else path)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self._send("POST", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self._send("PATCH", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self._send("PUT", path, body, **options)

    def delete(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self._send("DELETE", path, body, **options)

    def send(self, method: str, path: str, content: bytes = b"", *, headers: Mapping[str, str] | None = None) -> Answer:
        """These bytes, whatever they are."""
        carried = self._headers() | dict(headers or {})
        if self.process is not None:
            return Answer(self.process.request(method, _full(path), content=content, headers=carried))
        content_type = carried.pop("Content-Type", "")
        return Answer(self._client.generic(method, _full(path), content, content_type=content_type, headers=carried))

    def _send(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        if_match: str | int | None = None,
        idempotency_key: str | UUID | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        more = dict(headers or {})
        if if_match is not None:
            more["If-Match"] = f'"{if_match}"' if isinstance(if_match, int) else if_match
        if idempotency_key is not None:
            more["Idempotency-Key"] = str(idempotency_key)
        if body is None:
            return self.send(method, path, headers=more)
        content = json.dumps(body, default=str).encode()
        return self.send(method, path, content, headers={"Content-Type": "application/json"} | more)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}


def access_token(principal: Principal, *, seconds: int = 600, proven_before: int = 0) -> str:
    """A real access token for the principal, as identity would sign it. ``proven_before``: how many seconds ago they
    proved who they are."""
    from kelmah.http.keys import sign_access_token

    now = int(clock.now().timestamp())
    key, staff = principal.key_id, principal.impersonated_by
    return sign_access_token(
        {
            **({"api_key": {"scopes": sorted(principal.key_scopes), "test": principal.test_mode}} if key else {}),
            **({"act": {"sub": str(staff), "standing": 2**31 - 1}} if staff else {}),
            "sub": str(principal.user_id),
            "sid": str(key or principal.session_id or new_id()),
            "roles": sorted(principal.roles),
            "grants": sorted(principal.grants),
            "restricted": sorted(principal.restricted),
            "jti": str(new_id()),
            "iat": now,
            "exp": now + seconds,
            "auth_time": now - proven_before,
            "mfa": principal.mfa_level,
            "standing": 2**31 - 1,  # what it says of the person is never out of date
        }
    )


def _full(path: str) -> str:
    roots = (f"{PREFIX}/", "/admin", "/health", "/internal", "/.well-known", "/api/", "/sandbox")
    return path if path.startswith(roots) else PREFIX + path
