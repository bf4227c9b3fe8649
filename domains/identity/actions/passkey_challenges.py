"""Questions to authenticators: each is answered once, by whom and for what it was asked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from domains.identity.models import PasskeyChallenge, PendingLogin
from domains.identity.rules import factors as rules
from domains.identity.rules import passkeys
from kelmah import clock


def site() -> passkeys.Site:
    return passkeys.Site(domain=settings.PASSKEY_DOMAIN, origins=tuple(settings.PASSKEY_ORIGINS))


def ask(purpose: str, *, user_id: UUID | None = None, pending: PendingLogin | None = None) -> bytes:
    """A new challenge, inside the caller's transaction."""
    challenge = passkeys.new_challenge()
    PasskeyChallenge.objects.create(
        challenge_hash=passkeys.hash_of_challenge(challenge),
        purpose=purpose,
        user_id=user_id,
        pending=pending,
        expires_at=clock.now() + rules.CHALLENGE_LASTS,
    )
    return challenge


def take(
    credential: Mapping[str, Any], purpose: str, *, user_id: UUID | None = None, pending: PendingLogin | None = None
) -> bytes:
    """The challenge that the answer names, which is spent by this, whatever the answer is worth.

    Raises PasskeyRefused for one that was never asked, for another purpose, person or login, too old, or taken before.
    """
    challenge = passkeys.challenge_in(credential)
    # Of two answers to one question at once, one deletes the row.
    of_user = Q(user__isnull=True) if user_id is None else Q(user=user_id)
    of_login = Q(pending__isnull=True) if pending is None else Q(pending=pending)
    asked = PasskeyChallenge.objects.filter(
        of_user & of_login,
        challenge_hash=passkeys.hash_of_challenge(challenge),
        purpose=purpose,
        expires_at__gt=clock.now(),
    )
    if not asked.delete()[0]:
        raise rules.PasskeyRefused
    return challenge
