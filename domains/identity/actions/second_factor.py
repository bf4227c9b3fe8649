"""The second step of a login: what somebody with factors owes after the first."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from domains.identity import queries
from domains.identity.actions import passkey_challenges, proofs
from domains.identity.actions.guards import count_failure, forgive, is_locked, lock_guard
from domains.identity.actions.notices import tell
from domains.identity.actions.sessions import Device, IssuedTokens, open_session
from domains.identity.models import LoginGuard, PendingLogin, User
from domains.identity.queries import factors as of_factors
from domains.identity.rules import factors as rules
from domains.identity.rules import login_tokens, passkeys
from kelmah import clock
from kelmah.db import atomic

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Owed:
    """The first step was right; a second factor is owed. The token is shown once and kept as a hash."""

    login_token: str = field(repr=False)
    kinds: list[str]
    passkey_options: dict[str, Any] | None


def ask_second_factor(user: User, device: Device, *, amr: tuple[str, ...], kinds: list[str]) -> Owed:
    """Begin to wait for it, inside the transaction of the first proof, the user's row locked."""
    now = clock.now()
    login_token, token_hash = login_tokens.new_login_token()
    pending = PendingLogin.objects.create(
        user=user,
        token_hash=token_hash,
        amr=list(amr),
        device_name=device.name,
        ip=device.ip,
        user_agent=device.user_agent[:400],
        created_at=now,
        expires_at=now + rules.PENDING_LASTS,
    )
    options = None
    if "passkey" in kinds:
        challenge = passkey_challenges.ask("second_factor", pending=pending)
        options = passkeys.to_prove(
            passkey_challenges.site(), challenge=challenge, known=of_factors.passkey_ids(user.id)
        )
    return Owed(login_token=login_token, kinds=kinds, passkey_options=options)


def finish_second_factor(
    *, login_token: str, proof: rules.Proof, then: Callable[[User, PendingLogin, tuple[str, ...]], T]
) -> T:
    """``then(user, pending, amr)``, inside the transaction that finds the proof right. The token works once.

    Five wrong proofs lock the second factors of the account for half an hour, whichever logins they came by; a right
    password clears nothing. Raises LoginTokenInvalid, SecondFactorFailed, KeysUnavailable.
    """
    seen = PendingLogin.objects.filter(token_hash=login_tokens.hash_of_token(login_token)).first()
    if seen is None:
        raise rules.LoginTokenInvalid
    with atomic("identity"):
        guard = lock_guard(f"factor:{seen.user_id}")  # guesses by many logins of one account stand in line here
        user = queries.lock_user(seen.user_id)
        pending = _lock_living(seen.id)  # of two who send one token, the second finds it gone
        if pending is None or not user.may_log_in:
            raise rules.LoginTokenInvalid
        locked = is_locked(guard)
        method = None if locked else proofs.method_of(user, proof, purpose="second_factor", pending=pending)
        if method is not None:
            forgive(guard)
            amr = tuple(rules.methods(pending.amr, method))
            pending.delete()
            return then(user, pending, amr)
        pending.tries += 1
        pending.save(update_fields=["tries"])
        if not locked:
            count_wrong_proof(guard, user)
    raise rules.SecondFactorFailed


def complete_login(*, login_token: str, proof: rules.Proof, device: Device) -> IssuedTokens:
    """A session, for the device that sends the second factor. Raises as ``finish_second_factor``."""

    def enter(user: User, pending: PendingLogin, amr: tuple[str, ...]) -> IssuedTokens:
        return open_session(user, replace(device, name=device.name or pending.device_name), amr=amr)

    return finish_second_factor(login_token=login_token, proof=proof, then=enter)


def count_wrong_proof(guard: LoginGuard, user: User) -> None:
    """Their owner hears of it when it locks: whoever guesses here knows the password."""
    if count_failure(guard):
        tell(user.id, "account_locked")


# Private functions


def _lock_living(pending_id: UUID) -> PendingLogin | None:
    living = PendingLogin.objects.filter(id=pending_id, expires_at__gt=clock.now(), tries__lt=rules.PENDING_TRIES)
    return living.select_for_update().first()
