"""The public service of identity."""

from typing import Any
from uuid import UUID

import orjson

from domains.identity import models, queries, rules
from domains.identity.queries import cards, directory, restrictions
from domains.identity.queries.gate import WorkerFilter
from domains.identity.queries.grants import held_by
from domains.identity.queries.taxonomy import spelled
from domains.identity.rules.directory import search_words
from kelmah import clock
from kelmah.http.cursors import MAX_LIMIT
from kelmah.interfaces.identity.calls import Identity
from kelmah.interfaces.identity.types import FoundWorker, HeldRole, Person, Profile, SkillLevel, WorkerSearch


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
                verified_level=_level_of(user),
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

    def restricted_among(self, *, ids: list[UUID], permission: str) -> list[UUID]:
        return restrictions.restricted(ids=ids, permission=permission)

    def find_workers(self, *, wanted: WorkerSearch, limit: int) -> list[FoundWorker]:
        weights = cards.weights()
        page = directory.find(_filter(wanted), sort="rank", limit=max(1, min(limit, MAX_LIMIT)), weights=weights)
        return [_found(item) for item in orjson.loads(page.items)]


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
        verified_level=profile.verified_level,
    )


def _filter(wanted: WorkerSearch) -> WorkerFilter:
    around, hourly = wanted.around, wanted.max_hourly
    return WorkerFilter(
        now=clock.now(),
        words=tuple(spelled(search_words(wanted.text))),
        skill_ids=tuple(dict.fromkeys(wanted.skill_ids)),
        latitude=around.latitude if around else None,
        longitude=around.longitude if around else None,
        radius_km=around.radius_km if around else None,
        currency=hourly.currency if hourly else None,
        max_rate=hourly.minor if hourly else None,
        min_stars=wanted.min_stars,
        min_level=wanted.min_level,
        languages=tuple(dict.fromkeys(wanted.languages)),
        at=wanted.available_at,
    )


def _found(item: dict[str, Any]) -> FoundWorker:
    """From the JSON of a list."""
    stars = item["reputation"]["stars"]
    return FoundWorker(
        user_id=UUID(item["user_id"]),
        display_name=item["display_name"],
        headline=item["headline"],
        skills=[SkillLevel(**skill) for skill in item["skills"]],
        distance_km=item["distance_km"],
        stars=None if stars is None else round(float(stars) * 100),
        reviews=item["reputation"]["reviews"],
        jobs=item["jobs"],
        verified_level=item["verified_level"],
        score=item["rank"]["score"],
    )


def _level_of(user: models.User) -> int:
    """Of staff there is no profile."""
    return user.profile.verified_level if hasattr(user, "profile") else 0
