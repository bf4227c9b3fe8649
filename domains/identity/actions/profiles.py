"""What people tell of themselves, and what others' reviews add."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from domains.identity import queries, rules
from domains.identity.models import Profile, ProfileSkill
from kelmah.db import atomic, check_version
from kelmah.events.publish import publish
from kelmah.interfaces.identity.events import ProfileUpdated

PLAIN = ("headline", "bio", "radius_km", "languages")


def update_profile(*, user_id: UUID, expected_version: int | None, changes: Mapping[str, Any]) -> Profile:
    """Change the named parts of one's own profile and leave the others. Raises NotFound, StaleVersion, InvalidInput."""
    with atomic("identity"):
        profile = queries.lock_profile(user_id)  # two devices editing at once: the second sees a newer version
        check_version(profile, expected_version)
        for name in PLAIN:
            if name in changes:
                setattr(profile, name, changes[name])
        _set_place_and_rate(profile, changes)
        if "display_name" in changes:
            profile.user.display_name = rules.clean_display_name(changes["display_name"])
            profile.user.save(update_fields=["display_name"])
        if "skills" in changes:
            profile.skills.all().delete()
            ProfileSkill.objects.bulk_create(ProfileSkill(profile=profile, **skill) for skill in changes["skills"])
        profile.save_change(*PLAIN, "place_name", "latitude", "longitude", "rate_minor", "rate_currency")
        publish(
            ProfileUpdated(
                user_id=user_id,
                display_name=profile.user.display_name,
                locale=profile.user.locale,
                zone=profile.user.zone,
            )
        )
    return queries.my_profile(user_id)


def record_reputation(*, user_id: UUID, stars: int, reviews: int) -> None:
    """What the reviews of somebody come to. Of events heard late, the one with more reviews counts."""
    with atomic("identity"):
        Profile.objects.filter(user_id=user_id, reviews__lte=reviews).update(stars=stars, reviews=reviews)


def _set_place_and_rate(profile: Profile, changes: Mapping[str, Any]) -> None:
    if "place" in changes:
        place = changes["place"] or {"name": "", "latitude": None, "longitude": None}
        profile.place_name, profile.latitude, profile.longitude = place["name"], place["latitude"], place["longitude"]
    if "rate" in changes:
        rate = changes["rate"]
        profile.rate_minor, profile.rate_currency = (rate.minor, rate.currency) if rate else (None, "")
