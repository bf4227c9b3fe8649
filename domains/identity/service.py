"""The public service of identity."""

from uuid import UUID

from domains.identity import queries
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
        found = []
        for profile in queries.profiles(ids):
            skills = [
                SkillLevel(skill_id=skill.skill_id, name=skill.name, level=skill.level, years=skill.years)
                for skill in profile.skills.all()
            ]
            found.append(
                Profile(
                    user_id=profile.user_id,
                    display_name=profile.user.display_name,
                    role=profile.user.role,
                    headline=profile.headline,
                    bio=profile.bio,
                    skills=skills,
                    place=profile.place_name,
                    radius_km=profile.radius_km,
                    stars=profile.stars,
                    reviews=profile.reviews,
                    completeness=profile.completeness(skills)[0],
                )
            )
        return found
