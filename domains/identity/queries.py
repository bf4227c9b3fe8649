"""Reads of identity."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from domains.identity import rules
from domains.identity.models import AuthSession, Profile, RoleGrant, User
from kelmah.errors import InvalidInput, NotFound, Unauthenticated


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What somebody may be taken for: what their access tokens say."""

    roles: list[str]
    scopes: list[tuple[str, str]]


def user_by_login(login: str) -> User | None:
    """The account of an e-mail address or phone number, however it is written; None for nobody's."""
    try:
        if "@" in login or "＠" in login:
            return User.objects.filter(email=rules.clean_email(login)).first()
        return User.objects.filter(phone=rules.clean_phone(login)).first()
    except InvalidInput:
        return None


def standing_of(user: User) -> Standing:
    """The role chosen at sign-up and the roles granted since."""
    grants = list(RoleGrant.objects.filter(user=user).order_by("role"))
    return Standing(
        roles=[user.role, *dict.fromkeys(grant.role for grant in grants)],
        scopes=[(grant.scope_kind, grant.scope_id) for grant in grants if grant.scope_kind],
    )


def account_of(user_id: UUID) -> User:
    """The caller's own account. Raises Unauthenticated when there is none any more, or it is suspended."""
    user = User.objects.filter(id=user_id, status="active").first()
    if user is None:
        raise Unauthenticated("This account is not active.")
    return user


def people(ids: Collection[UUID]) -> QuerySet[User]:
    return User.objects.filter(id__in=ids)


def profiles(ids: Collection[UUID]) -> list[Profile]:
    """Profiles with their people and skills, in two statements however many."""
    return list(Profile.objects.filter(user_id__in=ids).select_related("user").prefetch_related("skills"))


def public_profile(user_id: UUID) -> Profile:
    """A member's profile, for anybody. Raises NotFound, for suspended members too."""
    found = profiles([user_id])
    if not found or not found[0].user.is_active:
        raise NotFound("There is no such member.")
    return found[0]


def own_profile(user_id: UUID) -> Profile:
    """The caller's own profile. Raises NotFound."""
    found = profiles([user_id])
    if not found:
        raise NotFound("You have no profile.")
    return found[0]


def content_of(profile: Profile) -> rules.Content:
    """What the profile says."""
    return rules.Content(
        display_name=profile.user.display_name,
        locale=profile.user.locale,
        zone=profile.user.zone,
        headline=profile.headline,
        bio=profile.bio,
        place=profile.place,
        radius_km=profile.radius_km,
        rate=profile.rate,
        languages=tuple(profile.languages),
        skills=rules.in_order(
            [
                rules.Skill(skill_id=skill.skill_id, name=skill.name, level=skill.level, years=skill.years)
                for skill in profile.skills.all()
            ]
        ),
    )


def lock_user(user_id: UUID) -> User:
    """The account's row, locked until the transaction ends. Raises NotFound."""
    user = User.objects.select_for_update().filter(id=user_id).first()
    if user is None:
        raise NotFound("There is no such account.")
    return user


def lock_profile(user_id: UUID) -> Profile:
    """The rows of the profile and its person, locked until the transaction ends. Raises NotFound."""
    profile = Profile.objects.select_related("user").select_for_update().filter(user_id=user_id).first()
    if profile is None:
        raise NotFound("You have no profile.")
    return profile


def lock_session(session_id: UUID) -> AuthSession | None:
    return AuthSession.objects.select_related("user").select_for_update(of=("self",)).filter(id=session_id).first()


def lock_live_sessions(user_id: UUID) -> list[AuthSession]:
    """Every session of somebody that was not ended, locked in one order, so that two who end them never deadlock."""
    live = AuthSession.objects.filter(user_id=user_id, revoked_at__isnull=True)
    return list(live.select_for_update().order_by("id"))
