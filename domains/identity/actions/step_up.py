"""Proving again who is there, in the middle of a session."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings

from domains.identity import queries
from domains.identity.actions import passkey_challenges, proofs
from domains.identity.actions.access_tokens import issue_access_token
from domains.identity.actions.guards import count_failure, forgive, is_locked, lock_guard
from domains.identity.actions.hashing import is_password
from domains.identity.actions.second_factor import count_wrong_proof
from domains.identity.models import AuthSession, User
from domains.identity.queries import factors as of_factors
from domains.identity.rules import factors as rules
from domains.identity.rules import passkeys
from kelmah import clock
from kelmah.db import atomic
from kelmah.http.errors import TokenInvalid

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class SteppedUp:
    """An access token whose ``fresh`` is now. The refresh token stays as it is."""

    access_token: str = field(repr=False)
    expires_in: int
    fresh_at: datetime


def passkey_options(*, user_id: UUID) -> dict[str, Any]:
    """What a browser needs to step up by a passkey. Raises ProofRefused for whoever has none."""
    with atomic("identity"):
        known = of_factors.passkey_ids(user_id)
        if not known:
            raise rules.ProofRefused("You have no passkey.")
        challenge = passkey_challenges.ask("step_up", user_id=user_id)
    return passkeys.to_prove(passkey_challenges.site(), challenge=challenge, known=known)


def step_up(*, user_id: UUID, session_id: UUID | None, proof: rules.Proof) -> SteppedUp:
    """Proves it for this session. Raises as ``prove_again`` does, and TokenInvalid when the session is over."""

    def renew(user: User, method: str) -> SteppedUp:
        session = _lock_living(session_id, user)
        freshen(session, method)
        return _answer(session)

    return prove_again(user_id=user_id, proof=proof, then=renew)


def prove(*, user_id: UUID, proof: rules.Proof) -> str:
    """The method (RFC 8176) of the right proof, for whoever keeps their own account of it. As ``prove_again``."""
    return prove_again(user_id=user_id, proof=proof, then=lambda _, method: method)


def prove_again(*, user_id: UUID, proof: rules.Proof, then: Callable[[User, str], T]) -> T:
    """``then(user, method)``, inside the transaction that finds the proof right.

    It must be by the strongest that they have: a password counts for whoever has no second factor. Wrong tries count
    and lock as at a login. Raises ProofRefused, StrongerProofNeeded, Unavailable, KeysUnavailable.
    """
    by_password = proof.kind == "password"
    stored = queries.account_of(user_id).password
    right = by_password and is_password(proof.value, stored)
    with atomic("identity"):
        guard = lock_guard(f"{'user' if by_password else 'factor'}:{user_id}")
        user = queries.lock_user(user_id)
        if by_password and (kinds := of_factors.kinds_of(user.id)):
            raise rules.StrongerProofNeeded(data={"factors": kinds})
        locked = is_locked(guard) or not user.is_active
        method = None
        if not locked and by_password:
            method = rules.PASSWORD if right and user.password == stored else None
        elif not locked:
            method = proofs.method_of(user, proof, purpose="step_up")
        if method is not None:
            forgive(guard)
            return then(user, method)
        if not locked and by_password:
            count_failure(guard)
        elif not locked:
            count_wrong_proof(guard, user)
    raise rules.ProofRefused


def freshen(session: AuthSession, method: str) -> None:
    """This session was just proved by the method. Inside the transaction of the proof, the session's row locked."""
    session.stepped_up_at = session.last_used_at = clock.now()
    session.amr = rules.methods(session.amr, method)
    session.save(update_fields=["stepped_up_at", "last_used_at", "amr"])


# Private functions


def _lock_living(session_id: UUID | None, user: User) -> AuthSession:
    session = queries.lock_session(session_id) if session_id else None  # it may be being ended
    if session is None or session.user_id != user.id or session.revoked_at or not user.is_active:
        raise TokenInvalid("This session is over: log in again.")
    return session


def _answer(session: AuthSession) -> SteppedUp:
    assert session.stepped_up_at is not None  # noqa: S101 - freshen has just said when
    return SteppedUp(
        access_token=issue_access_token(session),
        expires_in=settings.ACCESS_TOKEN_SECONDS,
        fresh_at=session.stepped_up_at,
    )
