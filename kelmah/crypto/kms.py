"""Wrapping and unwrapping data keys: a port, and an adapter that keeps the wrapping keys in a file.

A key service of a cloud would be a second class with these methods.
"""

import os
import time
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Protocol

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from kelmah import clock
from kelmah.crypto import key_file
from kelmah.crypto.errors import KeysUnavailable, Tampered

log = structlog.get_logger(__name__)

LOOK_EVERY = 1.0  # seconds
_NONCE = 12


class Kms(Protocol):
    """``context`` says whose key it is, and must be the same both times."""

    def wrapping(self) -> str:
        """The name of the key that wraps now."""

    def wrap(self, key: bytes, *, context: bytes) -> tuple[str, bytes]:
        """The name of the wrapping key, and the wrapped one."""

    def unwrap(self, kek: str, wrapped: bytes, *, context: bytes) -> bytes:
        """Raises Tampered, KeysUnavailable."""

    def index_key(self) -> bytes:
        """For blind indexes."""


class FileKms:
    """Reads its file again within a second of a change; one that can't be read leaves the last good one in force."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ring: key_file.Ring | None = None
        self._seen: tuple[int, int] | None = None
        self._look_at = 0.0
        self._lock = Lock()

    def wrapping(self) -> str:
        return self._current().wrapping(clock.now()).name

    def wrap(self, key: bytes, *, context: bytes) -> tuple[str, bytes]:
        kek = self._current().wrapping(clock.now())
        nonce = os.urandom(_NONCE)
        return kek.name, nonce + AESGCM(kek.key).encrypt(nonce, key, context)

    def unwrap(self, kek: str, wrapped: bytes, *, context: bytes) -> bytes:
        found = self._current().named(kek) or self._current(now=True).named(kek)
        if found is None:
            log.error("crypto_kek_missing", file=str(self.path), kek=kek)
            raise KeysUnavailable(data={"retry_after": 30})
        try:
            return AESGCM(found.key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
        except (InvalidTag, ValueError):
            raise Tampered("A data key was changed, or belongs to somebody else.") from None

    def index_key(self) -> bytes:
        return self._current().index

    # Private functions

    def _current(self, *, now: bool = False) -> key_file.Ring:
        if now or time.monotonic() >= self._look_at:
            with self._lock:
                if now or time.monotonic() >= self._look_at:
                    self._look()
                    # Only now: whoever comes meanwhile must wait for the first reading.
                    self._look_at = time.monotonic() + LOOK_EVERY
        if self._ring is None:
            raise KeysUnavailable(data={"retry_after": 30})
        return self._ring

    def _look(self) -> None:
        try:
            found = self.path.stat()
            if (found.st_mtime_ns, found.st_ino) != self._seen:
                self._ring = key_file.read(self.path)
                self._seen = (found.st_mtime_ns, found.st_ino)
        except (OSError, ValueError) as error:
            log.error("crypto_keys_not_read", file=str(self.path), error=type(error).__name__)


def kms_of(domain: str) -> Kms:
    """The one of this process for a domain."""
    return _file_kms(keys_path(domain))


def keys_path(domain: str) -> Path:
    """The domain's key file: CRYPTO_KEYS_FILE, in which ``{domain}`` stands for its name."""
    return Path(str(settings.CRYPTO_KEYS_FILE).replace("{domain}", domain))


def refuse_to_start_without_keys(domain: str) -> None:
    """Raises SystemExit in production when the key file of a domain that seals is missing or damaged."""
    if settings.CRYPTO_KEYS_REQUIRED:
        try:
            key_file.read(keys_path(domain))
        except (OSError, ValueError) as error:
            raise SystemExit(
                f"CRYPTO_KEYS_FILE: the keys of {domain} can't be read ({error}): manage.py crypto new makes them, "
                "for example CRYPTO_KEYS_FILE=/run/secrets/{domain}_crypto_keys"
            ) from None


@cache
def _file_kms(path: Path) -> FileKms:
    return FileKms(path)
