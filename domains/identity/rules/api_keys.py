"""API keys: ``kk_<mode>_<name>_<secret>_<checksum>``, shown once, of which only a hash is kept."""

import hashlib
import re
import secrets
import string
import zlib
from datetime import timedelta
from typing import Final, Literal

from kelmah.errors import Conflict, Unauthenticated
from kelmah.interfaces.identity.types import KEY_SCOPES

Mode = Literal["live", "test"]

MODES: Final = ("live", "test")
SCOPES: Final = tuple(KEY_SCOPES)
LASTS_AT_MOST: Final = timedelta(days=365)
LASTS: Final = timedelta(days=90)
OVERLAP_AT_MOST: Final = timedelta(days=7)
OVERLAP: Final = timedelta(hours=24)
MOST_KEYS: Final = 20  # of one person at a time
SEEN_EVERY: Final = timedelta(minutes=1)  # how exact the last use is

_LETTERS = string.ascii_letters + string.digits
_KEY = re.compile(r"((kk_(?:live|test)_[0-9a-f]{8})_[0-9A-Za-z]{32})_([0-9a-f]{8})")


class KeyInvalid(Unauthenticated):
    """Unknown, mistyped, expired, revoked, and that of somebody who was suspended look the same."""

    code, title = "api_key_invalid", "This API key is not valid"


class TooManyKeys(Conflict):
    code, title = "too_many_api_keys", "Revoke a key before you make another"


class KeyReplaced(Conflict):
    """A key is rotated once; then its successor is."""

    code, title = "api_key_replaced", "This key was rotated before: rotate its successor"


def new_api_key(mode: Mode) -> tuple[str, str, bytes]:
    """A fresh key with 190 random bits, the prefix that names it, and the hash to keep."""
    prefix = f"kk_{mode}_{secrets.token_hex(4)}"
    secret = f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(32))}"
    key = f"{secret}_{_checksum(secret)}"
    return key, prefix, _hash(key)


def read_api_key(text: str) -> tuple[str, bytes] | None:
    """The prefix and the hash of a key; None when it is none, or is mistyped, which costs no look into a table."""
    match = _KEY.fullmatch(text)
    if match is None or _checksum(match[1]) != match[3]:
        return None
    return match[2], _hash(text)


# Private functions


def _checksum(secret: str) -> str:
    return f"{zlib.crc32(secret.encode()):08x}"


def _hash(key: str) -> bytes:
    # 190 random bits: nothing to guess, so a fast hash is right.
    return hashlib.sha256(key.encode()).digest()
