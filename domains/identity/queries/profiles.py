"""Profiles, their own and others'."""

from collections.abc import Collection
from uuid import UUID

from domains.identity import rules
from domains.identity.models import Profile
from kelmah.errors import NotFound


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


def lock_profile(user_id: UUID) -> Profile:
    """The rows of the profile and its person, locked until the transaction ends. Raises NotFound."""
    profile = Profile.objects.select_related("user").select_for_update().filter(user_id=user_id).first()
    if profile is None:
        raise NotFound("You have no profile.")
    return profile
