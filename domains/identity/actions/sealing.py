"""Secrets of factors, sealed under their owner's key: the one place that sees them in clear."""

from domains.identity.models import Factor
from kelmah import crypto


def seal_totp_secret(factor: Factor, secret: str) -> bytes:
    """Inside the transaction that writes it. Raises KeysUnavailable, Shredded."""
    return crypto.seal("identity", subject=factor.user_id, place=_place(factor), data=secret.encode())


def totp_secret(factor: Factor) -> str:
    """Raises KeysUnavailable, Shredded, Tampered."""
    sealed = bytes(factor.secret or b"")
    return crypto.unseal("identity", subject=factor.user_id, place=_place(factor), sealed=sealed).decode()


def _place(factor: Factor) -> str:
    return f"identity.factor:{factor.id}"
