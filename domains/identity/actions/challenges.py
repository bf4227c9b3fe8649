"""Secrets: asked for, and brought back.

Whoever asks is told the same whoever has the address. Who that is, is looked up by the task that sends the secret.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from domains.identity.actions.guards import lock_guard
from domains.identity.models import Challenge, User
from domains.identity.queries import lock_user
from domains.identity.queries.challenges import lock_challenge
from domains.identity.rules import challenges as rules
from kelmah import clock
from kelmah.db import atomic
from kelmah.events.publish import enqueue
from kelmah.http.address import block_of
from kelmah.http.throttling import take_one

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """A secret is on its way, to an ``email`` or a ``phone``, and good for ``expires_in`` seconds once it is sent."""

    id: UUID
    sent_to: str
    expires_in: int


def limit_letters(*, address: str, ip: str | None) -> None:
    """Count one more letter that this caller has sent to this address. Raises LimitReached, Unavailable."""
    take_one("letters_from", block_of(ip))  # first: whoever is over it empties nobody's bucket
    limit_letters_to(address)


def limit_letters_to(address: str) -> None:
    """Count one more letter to this address. Raises LimitReached, Unavailable."""
    take_one("letters_to", salted_hmac("kelmah.identity.letters", address, algorithm="sha256").hexdigest())


def await_secret(purpose: str, address: str, *, user: User | None = None) -> tuple[Challenge, Awaited]:
    """Have a secret sent to a clean address once the caller's transaction commits."""
    now = clock.now()
    challenge = Challenge.objects.create(
        purpose=purpose, address=address, user=user, created_at=now, expires_at=now + rules.LINK_LASTS[purpose]
    )
    return challenge, _send(challenge)


def await_another(*, challenge_id: UUID, purpose: str, user_id: UUID | None = None, ip: str | None) -> Awaited:
    """Once more: a new secret, with which the old one ends. Raises NothingAwaited, LimitReached, Unavailable."""
    found = Challenge.objects.filter(id=challenge_id, purpose=purpose, expires_at__gt=clock.now())
    seen = (found.filter(user_id=user_id) if user_id else found).first()
    if seen is None:
        raise rules.NothingAwaited
    limit_letters(address=seen.address, ip=ip)
    with atomic("identity"):
        challenge = lock_challenge(challenge_id)  # its secret may just have been used
        if challenge is None:
            raise rules.NothingAwaited
        return _send(challenge)


def prove(
    *, challenge_id: UUID, purpose: str, secret: str, then: Callable[[Challenge], T], user_id: UUID | None = None
) -> T:
    """``then(challenge)``, inside the transaction that finds the secret right and uses it up; the rows of its user and
    their guard are locked. With ``user_id`` it must be theirs.

    When ``then`` raises, the secret stays good. The third wrong one is the last. Raises SecretRefused.
    """
    check_secret(challenge_id=challenge_id, purpose=purpose, secret=secret, user_id=user_id)
    with atomic("identity"):
        challenge = _lock_with_user(challenge_id)
        if challenge is None or not _is_right(challenge, secret):  # used, or superseded, since it was looked at
            raise rules.SecretRefused
        outcome = then(challenge)
        challenge.delete()
        return outcome


def check_secret(*, challenge_id: UUID, purpose: str, secret: str, user_id: UUID | None = None) -> Challenge:
    """The challenge, whose secret this is and stays: before work that costs much, which must be done outside of any
    transaction. Wrong ones cost the same whether somebody has the address or not. Raises SecretRefused."""
    with atomic("identity"):
        challenge = lock_challenge(challenge_id)  # parallel guesses stand in line here
        meant = challenge is not None and challenge.purpose == purpose and user_id in (None, challenge.user_id)
        if challenge is not None and meant and _is_right(challenge, secret):
            return challenge
        if challenge is not None and meant:
            _count_wrong(challenge)
    raise rules.SecretRefused


def forget_challenges(user: User) -> None:
    """Whatever is under way to or for somebody ends, except the ways to undo a change of address.

    Inside the caller's transaction, the user's row locked.
    """
    Challenge.objects.filter(user=user).exclude(purpose="undo").delete()


def hash_of(challenge: Challenge, secret: str) -> bytes:
    """Keyed, since six digits are guessed at once from any other hash; and of this challenge only."""
    return salted_hmac("kelmah.identity.challenge", f"{challenge.id}:{secret}", algorithm="sha256").digest()


# Private functions


def _lock_with_user(challenge_id: UUID) -> Challenge | None:
    """The challenge, after the guard and the row of its user: the order of all locks."""
    seen = Challenge.objects.filter(id=challenge_id).first()
    if seen is None:
        return None
    if seen.user_id is not None:
        lock_guard(f"user:{seen.user_id}")
        lock_user(seen.user_id)
    challenge = lock_challenge(challenge_id)
    # Whose it is comes with the secret, which may be sent anew right now.
    return challenge if challenge is not None and challenge.user_id == seen.user_id else None


def _send(challenge: Challenge) -> Awaited:
    enqueue("identity.send_secret", challenge_id=str(challenge.id))
    return Awaited(
        id=challenge.id,
        sent_to="email" if rules.is_email(challenge.address) else "phone",
        expires_in=int(rules.lasts(challenge.purpose, challenge.address).total_seconds()),
    )


def _is_right(challenge: Challenge, secret: str) -> bool:
    if challenge.secret_hash is None or challenge.secret_expires_at is None:
        return False
    right = constant_time_compare(bytes(challenge.secret_hash), hash_of(challenge, secret))
    return right and challenge.secret_expires_at > clock.now()


def _count_wrong(challenge: Challenge) -> None:
    if challenge.secret_hash is None:
        return
    challenge.tries += 1
    if challenge.tries >= rules.TRIES:
        challenge.secret_hash = None
    challenge.save(update_fields=["tries", "secret_hash"])
