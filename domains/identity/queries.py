"""Reads of identity."""

from collections.abc import Sequence
from uuid import UUID

from domains.identity.models import AuthSession, Profile, User
from kelmah.errors import NotFound


def user_by_login(*, email: str | None, phone: str | None) -> User | None:
    """The account of a clean e-mail address or phone number."""
    if email:
        return User.objects.filter(email=email).first()
    return User.objects.filter(phone=phone).first() if phone else None


def people(ids: Sequence[UUID]) -> list[User]:
    return list(User.objects.filter(id__in=ids))


def profiles(ids: Sequence[UUID]) -> list[Profile]:
    return list(Profile.objects.filter(user_id__in=ids).select_related("user").prefetch_related("skills"))


def profile_of(user_id: UUID) -> Profile:
    """Anybody's profile with its skills. Raises NotFound for nobody's, and for staff and suspended members."""
    found = profiles([user_id])
    if not found or found[0].user.role == "staff" or found[0].user.status != "active":
        raise NotFound("There is no such member.")
    return found[0]


def my_profile(user_id: UUID) -> Profile:
    """One's own profile. Raises NotFound."""
    found = profiles([user_id])
    if not found:
        raise NotFound("You have no profile.")
    return found[0]


def user_of(user_id: UUID) -> User:
    """One's own account. Raises NotFound."""
    user = User.objects.filter(id=user_id).first()
    if user is None:
        raise NotFound("There is no such account.")
    return user


def lock_user(user_id: UUID) -> User:
    """The account's row, locked until the transaction ends. Raises NotFound."""
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise NotFound("There is no such account.")
    return user


def lock_profile(user_id: UUID) -> Profile:
    """The profile's row, locked until the transaction ends. Raises NotFound."""
    profile = Profile.objects.select_related("user").select_for_update(of=("self",)).filter(user_id=user_id).first()
    if profile is None:
        raise NotFound("You have no profile.")
    return profile


def lock_session(session_id: UUID) -> AuthSession | None:
    return AuthSession.objects.select_related("user").select_for_update(of=("self",)).filter(id=session_id).first()
