"""Asking a provider: little time, small answers, no redirects, and one that fails again and again is left alone."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore
from typing import Any, Final

import httpx
import orjson

from domains.identity.rules import social
from kelmah.rpc.breaker import breaker_of
from kelmah.rpc.errors import RemoteUnavailable

LARGEST: Final = 256 * 1024  # bytes; the largest document of a provider has a few thousand
LONGEST: Final = 5.0  # seconds from the first byte sent to the last one read
AT_ONCE: Final = 4  # requests to providers per process: a slow one must not take every thread of the API
_TIMES: Final = httpx.Timeout(connect=2, read=3, write=2, pool=1)

_places = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A JSON object, and whether the provider meant it as a success."""

    ok: bool
    body: dict[str, Any]


def ask(provider: social.Provider, url: str, *, form: Mapping[str, str] | None = None) -> Answer:
    """GET the address, or POST the form to it. Raises ProviderUnavailable for everything but JSON in good order.

    Silence, errors of the provider's own, garbage and floods all count against it.
    """
    if not _places.acquire(blocking=False):
        raise social.ProviderUnavailable(data={"retry_after": 2})
    try:
        with breaker_of(f"oidc {provider.issuer}").attempt(patient=True):
            return _answer(url, form)
    except RemoteUnavailable as silence:
        raise social.ProviderUnavailable(data={"retry_after": silence.retry_after or 2}) from silence
    finally:
        _places.release()


# Private functions


def _answer(url: str, form: Mapping[str, str] | None) -> Answer:
    try:
        with _client().stream("POST" if form else "GET", url, data=form) as response:
            body = _whole(response)
    except httpx.TransportError as error:
        raise RemoteUnavailable(type(error).__name__) from error
    status = response.status_code
    if not (200 <= status < 300 or 400 <= status < 500) or status == 429:
        raise RemoteUnavailable(f"status {status}")
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RemoteUnavailable("no JSON") from error
    if not isinstance(said, dict):
        raise RemoteUnavailable("no JSON object")
    return Answer(ok=status < 300, body=said)


def _whole(response: httpx.Response) -> bytes:
    """The body, unless it is too large, too slow, or packed: what unpacks to more than was sent is not asked for."""
    until = time.monotonic() + LONGEST
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise RemoteUnavailable("a packed answer")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > LARGEST:
            raise RemoteUnavailable("too large")
        if time.monotonic() > until:
            raise RemoteUnavailable("too slow")
    return bytes(body)


@cache
def _client() -> httpx.Client:
    """One per process: its connections, and the certificates it trusts, are read once."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "kelmah"}
    return httpx.Client(timeout=_TIMES, headers=headers, follow_redirects=False, trust_env=False)
