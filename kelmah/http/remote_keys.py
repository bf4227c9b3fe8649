"""identity's public keys, seen from a process where identity does not run."""

import time
from datetime import datetime, timedelta
from functools import cache
from threading import Lock, Thread
from typing import Any

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from kelmah import clock
from kelmah.errors import Unavailable

log = structlog.get_logger(__name__)

# A stranger may send any kid: at most one question to identity in so long, whatever arrives. Short, since for so long a
# key that signs without having been published first is refused.
ASK_AT_MOST_EVERY = timedelta(seconds=5)
FIRST_ASK_EVERY = timedelta(seconds=1)  # until identity has answered once: the two may be starting together
BELIEVE_FOR = timedelta(minutes=10)


class RemoteKeys:
    """A cached copy of a JWKS document: fetched again for an unknown kid, and every ten minutes so that a withdrawn
    key stops counting. While identity doesn't answer, the last copy stays valid."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, ec.EllipticCurvePublicKey] = {}
        self._asked_at: datetime | None = None
        self._read_at: datetime | None = None
        self._lock = Lock()

    def get(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        """The key of that name, or None. Raises Unavailable when no document was ever read."""
        if kid not in self._keys:
            self._ask(wait=True)
        elif self._is_old():
            self._ask(wait=False)
        if self._read_at is None:
            raise Unavailable("Tokens can't be checked now.", data={"retry_after": 5})
        return self._keys.get(kid)

    def ask_until_answered(self) -> None:
        """Ask every second until identity has answered once."""
        while self._read_at is None:
            self._ask(wait=True)
            time.sleep(FIRST_ASK_EVERY.total_seconds())

    def _is_old(self) -> bool:
        return self._read_at is None or clock.now() - self._read_at > BELIEVE_FOR

    def _ask(self, *, wait: bool) -> None:
        """One thread asks. The others find its answer, or go on with the old copy when their key is in it."""
        if not self._lock.acquire(blocking=wait):
            return
        try:
            now = clock.now()
            pause = ASK_AT_MOST_EVERY if self._read_at else FIRST_ASK_EVERY
            if self._asked_at is None or abs(now - self._asked_at) >= pause:
                self._asked_at = now
                self._read(now)
        finally:
            self._lock.release()

    def _read(self, now: datetime) -> None:
        try:
            answer = httpx.get(self._url, timeout=2.0, follow_redirects=False)
            answer.raise_for_status()
            self._keys = _public_keys(answer.json())
            self._read_at = now
        except (httpx.HTTPError, ValueError, KeyError, TypeError, PyJWTError) as error:
            log.error("jwks_not_read", url=self._url, error=type(error).__name__)


@cache
def remote_keys(url: str) -> RemoteKeys:
    """The one copy of this process."""
    return RemoteKeys(url)


def ask_ahead(url: str) -> None:
    """Have the keys before the first token comes: a later outage of identity must lock out nobody who is logged in."""
    Thread(target=remote_keys(url).ask_until_answered, name="keys of identity", daemon=True).start()


def _public_keys(document: Any) -> dict[str, ec.EllipticCurvePublicKey]:
    keys = {}
    for jwk in document["keys"]:
        if jwk.get("alg") == "ES256" and isinstance(key := PyJWK(jwk).key, ec.EllipticCurvePublicKey):
            keys[jwk["kid"]] = key
    return keys
