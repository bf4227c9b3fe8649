"""Codes of an authenticator app (RFC 6238): six digits, thirty seconds, SHA-1, as every app knows them."""

import hmac
import re
from datetime import datetime
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
TOLERANCE: Final = 1  # steps that a phone's clock may be off, either way
ISSUER: Final = "Kelmah"

_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32(32)


def uri_of(secret: str, *, account: str) -> str:
    """What the QR code says: ``otpauth://totp/Kelmah:ama%40example.com?secret=…&issuer=Kelmah``."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def step_at(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP_SECONDS


def step_of(code: str, *, secret: str, now: datetime, after: int | None) -> int | None:
    """The step whose code this is, within the tolerance and later than ``after``, the last one used; None for none."""
    typed = "".join(code.split())
    if not _CODE.fullmatch(typed):
        return None
    totp, middle = pyotp.TOTP(secret), step_at(now)
    found = None
    for step in range(middle - TOLERANCE, middle + TOLERANCE + 1):  # all of them, whichever is right: equal time
        right = hmac.compare_digest(totp.generate_otp(step), typed)
        if right and found is None and (after is None or step > after):
            found = step
    return found
