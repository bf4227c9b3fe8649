"""Whether a proof by a second factor is right. What is right is spent at once: no code and no answer counts twice."""

from collections.abc import Mapping
from typing import Any

from domains.identity.actions import passkey_challenges, sealing
from domains.identity.actions.factor_resets import withdraw_living
from domains.identity.actions.notices import tell
from domains.identity.models import Factor, PendingLogin, RecoveryCode, User
from domains.identity.queries import factors as queries
from domains.identity.rules import factors as rules
from domains.identity.rules import passkeys, recovery_codes, totp
from kelmah import clock


def method_of(user: User, proof: rules.Proof, *, purpose: str, pending: PendingLogin | None = None) -> str | None:
    """By what method (RFC 8176) the proof shows that this is the user; None when it doesn't.

    Inside a transaction that commits either way, the user's row locked. ``purpose``: as of a PasskeyChallenge. Whoever
    shows one has not lost them all: a request to take them away is stopped. Raises KeysUnavailable.
    """
    method = _method_of(user, proof, purpose=purpose, pending=pending)
    if method is not None:
        withdraw_living(user)
    return method


def use_passkey(factor: Factor, credential: Mapping[str, Any], *, challenge: bytes) -> str:
    """Its method, when the answer is right; the counter is kept. Raises PasskeyRefused."""
    known = passkeys.KnownPasskey(
        credential_id=bytes(factor.credential_id or b""),
        public_key=bytes(factor.public_key or b""),
        sign_count=factor.sign_count or 0,
    )
    use = passkeys.check_use(credential, known=known, site=passkey_challenges.site(), challenge=challenge)
    # Whoever else used it meanwhile moved the counter: then this answer is behind.
    unmoved = Factor.objects.filter(id=factor.id, sign_count=factor.sign_count)
    if not unmoved.update(sign_count=use.sign_count, last_used_at=clock.now()):
        raise rules.PasskeyRefused
    return use.method


# Private functions


def _method_of(user: User, proof: rules.Proof, *, purpose: str, pending: PendingLogin | None) -> str | None:
    if proof.kind == "totp":
        return _by_totp(user, proof.value)
    if proof.kind == "recovery_code":
        return _by_recovery_code(user, proof.value)
    if proof.kind == "passkey":
        try:
            return _by_passkey(user, proof.value, purpose=purpose, pending=pending)
        except rules.PasskeyRefused:
            return None
    return None


def _by_totp(user: User, code: str) -> str | None:
    for factor in queries.factors_of(user.id).filter(kind="totp"):
        secret = sealing.totp_secret(factor)
        step = totp.step_of(code, secret=secret, now=clock.now(), after=factor.last_step)
        if step is not None and _take_step(factor, step):
            return rules.TOTP
    return None


def _take_step(factor: Factor, step: int) -> bool:
    # Of two logins with one code, one moves the step.
    earlier = Factor.objects.filter(id=factor.id, last_step__lt=step)
    return bool(earlier.update(last_step=step, last_used_at=clock.now()))


def _by_recovery_code(user: User, code: str) -> str | None:
    unused = RecoveryCode.objects.filter(
        user=user, code_hash=recovery_codes.hash_of(code, user_id=user.id), used_at__isnull=True
    )
    # Of two uses at once, one finds it unused.
    if not queries.factors_of(user.id).exists() or not unused.update(used_at=clock.now()):
        return None
    tell(user.id, "recovery_code_used", detail=str(queries.codes_left(user.id)))
    return rules.RECOVERY_CODE


def _by_passkey(user: User, credential: Mapping[str, Any], *, purpose: str, pending: PendingLogin | None) -> str | None:
    challenge = passkey_challenges.take(credential, purpose, user_id=None if pending else user.id, pending=pending)
    held = queries.factors_of(user.id).filter(credential_id=passkeys.credential_id_in(credential))
    factor = held.first()
    return use_passkey(factor, credential, challenge=challenge) if factor else None
