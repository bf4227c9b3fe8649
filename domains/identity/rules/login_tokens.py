"""The token that binds the second step of a login to the first: random, and kept as a hash."""

import hashlib
import secrets


def new_login_token() -> tuple[str, bytes]:
    """A fresh token of 256 random bits, and the hash to keep."""
    token = secrets.token_urlsafe(32)
    return token, hash_of_token(token)


def hash_of_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
