"""Ten codes for the day when the phone is gone: shown once, kept as hashes, good once each."""

import hashlib
import secrets
from typing import Final
from uuid import UUID

HOW_MANY: Final = 10

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o and u
_LENGTH: Final = 16  # 80 random bits: a fast hash is right
_MISREAD: Final = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None})


def new_codes() -> list[str]:
    """As they are shown: ``7k2m-x0qd-9pzt-4hbv``."""
    return [_grouped("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))) for _ in range(HOW_MANY)]


def hash_of(code: str, *, user_id: UUID) -> bytes:
    """What is kept of a code, however it is typed; another one for each person."""
    plain = "".join(code.split()).lower().translate(_MISREAD)
    return hashlib.sha256(user_id.bytes + plain.encode()).digest()


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, _LENGTH, 4))
