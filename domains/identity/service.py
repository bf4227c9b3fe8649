"""The public service of identity."""

from uuid import UUID

from domains.identity import models, queries, rules
from domains.identity.queries.grants import held_by
from kelmah.interfaces.identity.calls import Identity
from kelmah.interfaces.identity.types import HeldRole, Person, Profile, SkillLevel


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

    def grants(self, *, user_id: UUID) -> list[HeldRole]:
        return [
            HeldRole(role=role, scope_kind=kind, scope_id=scope_id, expires_at=expires_at)
            for role, kind, scope_id, expires_at in held_by(user_id)
        ]


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
