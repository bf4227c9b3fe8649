"""Secrets under way."""

from uuid import UUID

from domains.identity.models import Challenge, User
from domains.identity.rules.challenges import is_email


def user_at(address: str) -> User | None:
    """Whose address this is; it must be clean."""
    found = User.objects.filter(email=address) if is_email(address) else User.objects.filter(phone=address)
    return found.first()


def lock_challenge(challenge_id: UUID) -> Challenge | None:
    """The row, locked until the transaction ends; None when it is gone."""
    return Challenge.objects.select_for_update().filter(id=challenge_id).first()
