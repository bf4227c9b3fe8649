"""The public service of identity."""

from uuid import UUID

from domains.identity import models, queries, rules
from kelmah.interfaces.identity.calls import Identity
from kelmah.interfaces.identity.types import Person, Profile, SkillLevel


class IdentityService(Identity):
    def people(self, *, ids: list[UUID]) -> list[Person]:
        return [
            Person(
                user_id=user.id,
                display_name=user.display_name,
                role=user.role,
                locale=user.locale,
                zone=user.zone,
                status=user.status,
            )
            for user in queries.people(ids)
        ]

    def profiles(self, *, ids: list[UUID]) -> list[Profile]:
        return [_profile(profile) for profile in queries.profiles(ids)]


def _profile(profile: models.Profile) -> Profile:
    content = queries.content_of(profile)
    percent, _ = rules.completeness(content, role=profile.user.role, says_when=bool(profile.slots.all()))
    return Profile(
        user_id=profile.user_id,
        display_name=content.display_name,
        role=profile.user.role,
        headline=content.headline,
        bio=content.bio,
        skills=[
            SkillLevel(
                skill_id=skill.skill_id,
                name=skill.name,
                level=skill.level,
                years=skill.years,
                verified=skill.verified,
            )
            for skill in content.skills
        ],
        place=content.place.name if content.place else "",
        radius_km=content.radius_km,
        stars=profile.stars,
        reviews=profile.reviews,
        completeness=percent,
    )
