"""Identities at other providers, and logins through them that are under way."""

from uuid import UUID

from django.db.models import QuerySet

from domains.identity.models import SocialFlow, SocialLogin, User
from domains.identity.rules import social
from kelmah import clock
from kelmah.errors import NotFound


def social_logins(user_id: UUID) -> QuerySet[SocialLogin]:
    """What opens somebody's account besides a password, oldest first."""
    return SocialLogin.objects.filter(user_id=user_id).order_by("linked_at", "id")


def account_of_identity(provider: str, subject: str) -> UUID | None:
    """Whose account an identity opens."""
    return SocialLogin.objects.filter(provider=provider, subject=subject).values_list("user_id", flat=True).first()


def is_address_taken(email: str) -> bool:
    return User.objects.filter(email=email).exists()


def own_social_login(user_id: UUID, login_id: UUID) -> SocialLogin:
    """Raises NotFound, for those of others too."""
    found = SocialLogin.objects.filter(id=login_id, user_id=user_id).first()
    if found is None:
        raise NotFound("There is no such login of yours.")
    return found


def lock_flow(*, state: str, **hashes: bytes) -> SocialFlow:
    """The living flow in this state with these hashes, locked: whoever else shows the same secret waits, and then finds
    it moved on. Raises SocialFlowInvalid."""
    found = SocialFlow.objects.select_for_update().filter(state=state, expires_at__gt=clock.now(), **hashes).first()
    if found is None:
        raise social.SocialFlowInvalid()
    return found


def lock_asked_flow(flow_id: UUID) -> SocialFlow | None:
    """The flow whose provider is being asked; None when that took so long that it was swept away."""
    return SocialFlow.objects.select_for_update().filter(id=flow_id, state="asked").first()
