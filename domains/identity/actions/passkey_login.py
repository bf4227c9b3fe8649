"""Logging in by a passkey alone: it knows whose it is, and has asked who holds it."""

from collections.abc import Mapping
from typing import Any

from domains.identity import queries
from domains.identity.actions import passkey_challenges, proofs
from domains.identity.actions.factor_resets import withdraw_living
from domains.identity.actions.login import finish_login, settled
from domains.identity.actions.second_factor import Owed
from domains.identity.actions.sessions import Device, IssuedTokens
from domains.identity.models import Factor
from domains.identity.rules import factors as rules
from domains.identity.rules import passkeys
from kelmah import clock
from kelmah.db import atomic


def login_options() -> dict[str, Any]:
    """What a browser needs to find somebody's passkey: the same for everybody."""
    with atomic("identity"):
        challenge = passkey_challenges.ask("login")
    return passkeys.to_prove(passkey_challenges.site(), challenge=challenge)


def log_in_by_passkey(*, credential: Mapping[str, Any], device: Device) -> IssuedTokens:
    """A session for the owner of the passkey. The challenge is spent, also by a wrong answer.

    Raises SecondFactorFailed: unknown, wrong, replayed, of a suspended account, never told apart.
    """
    with atomic("identity"):
        outcome = _entered(credential, device)
    if outcome is None:
        raise rules.SecondFactorFailed
    return settled(outcome)


# Private functions


def _entered(credential: Mapping[str, Any], device: Device) -> IssuedTokens | Owed | None:
    try:
        challenge = passkey_challenges.take(credential, "login")
        credential_id = passkeys.credential_id_in(credential)
        seen = Factor.objects.filter(credential_id=credential_id).values_list("user_id", flat=True).first()
        if seen is None:
            return None
        user = queries.lock_user(seen)  # being suspended, or losing this passkey, meanwhile counts
        factor = Factor.objects.filter(credential_id=credential_id, user=user).first()
        if factor is None or not user.may_log_in or not passkeys.names(credential, user_id=user.id):
            return None
        method = proofs.use_passkey(factor, credential, challenge=challenge)
    except rules.PasskeyRefused:
        return None
    withdraw_living(user)
    user.last_login = clock.now()
    user.save(update_fields=["last_login"])
    return finish_login(user, device, amr=(method,))
