"""What people tell of themselves, and what others' reviews add."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from domains.identity import queries, rules
from domains.identity.models import Profile, ProfileSkill
from kelmah.db import atomic, check_version
from kelmah.events.publish import publish
from kelmah.interfaces.identity.events import ProfileUpdated


def update_profile(*, user_id: UUID, expected_version: int | None, changes: Mapping[str, Any]) -> Profile:
    """Change the named parts (fields of ``rules.Content``) of one's own profile and leave the others.

    Where nothing changes, nothing is written and nobody is told. Raises NotFound, StaleVersion, InvalidInput.
    """
    wanted = _in_rules_order(changes)
    with atomic("identity"):
        profile = queries.lock_profile(user_id)  # two devices editing at once: the second sees a newer version
        check_version(profile, expected_version)
        before = queries.content_of(profile)
        after = replace(before, **wanted)
        rules.check_content(after, role=profile.user.role)
        if after != before:
            _write(profile, after)
            _write_skills(profile, before.skills, after.skills)
            _tell_of_change(user_id, after)
    return queries.own_profile(user_id)


def record_reputation(*, user_id: UUID, stars: int, reviews: int) -> None:
    """What the reviews of somebody come to; of nobody we know, nothing. Twice is safe: the numbers are absolute."""
    with atomic("identity"):
        profile = Profile.objects.select_for_update().filter(user_id=user_id).first()  # its owner may be editing it
        shown = (stars if reviews else None, reviews)
        if profile is not None and (profile.stars, profile.reviews) != shown:
            profile.stars, profile.reviews = shown
            profile.save_change("stars", "reviews")


# Private functions


def _in_rules_order(changes: Mapping[str, Any]) -> dict[str, Any]:
    wanted = dict(changes)
    if "display_name" in wanted:
        wanted["display_name"] = rules.clean_display_name(wanted["display_name"])
    if "skills" in wanted:
        wanted["skills"] = rules.in_order(wanted["skills"])
    return wanted


def _write(profile: Profile, content: rules.Content) -> None:
    user, place, rate = profile.user, content.place, content.rate
    user.display_name, user.locale, user.zone = content.display_name, content.locale, content.zone
    user.save(update_fields=["display_name", "locale", "zone"])
    profile.headline, profile.bio, profile.radius_km = content.headline, content.bio, content.radius_km
    profile.languages = list(content.languages)
    profile.place_name = place.name if place else ""
    profile.latitude, profile.longitude = (place.latitude, place.longitude) if place else (None, None)
    profile.rate_minor, profile.rate_currency = (rate.minor, rate.currency) if rate else (None, "")
    profile.save_change(
        "headline", "bio", "radius_km", "languages", "place_name", "latitude", "longitude", "rate_minor",
        "rate_currency",
    )  # fmt: skip


def _write_skills(profile: Profile, before: tuple[rules.Skill, ...], after: tuple[rules.Skill, ...]) -> None:
    if before == after:
        return
    profile.skills.all().delete()
    ProfileSkill.objects.bulk_create(
        ProfileSkill(profile=profile, skill_id=skill.skill_id, name=skill.name, level=skill.level, years=skill.years)
        for skill in after
    )


def _tell_of_change(user_id: UUID, content: rules.Content) -> None:
    publish(
        ProfileUpdated(user_id=user_id, display_name=content.display_name, locale=content.locale, zone=content.zone)
    )
