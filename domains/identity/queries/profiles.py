"""Profiles, their own and others'."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from domains.identity import rules
from domains.identity.models import Education, Experience, Profile
from domains.identity.queries.privacy import privacy_of
from domains.identity.rules import availability, resume
from domains.identity.rules import profiles as said
from domains.identity.rules.settings import EVERYBODY
from kelmah.errors import NotFound

_PARTS = ("skills", "experience", "education", "slots", "days_off")


def profiles(ids: Collection[UUID]) -> list[Profile]:
    """Profiles with their people and all their parts, in six statements however many."""
    return list(Profile.objects.filter(user_id__in=ids).select_related("user").prefetch_related(*_PARTS))


def public_profile(user_id: UUID, *, viewer_id: UUID | None) -> Profile:
    """A member's profile, for whoever may see it: somebody logged in, or None for a stranger. Raises NotFound, for
    accounts that are off too."""
    found = profiles([user_id])
    if not found or not found[0].user.is_active or not _shows(user_id, viewer_id):
        raise NotFound("There is no such member.")
    return found[0]


def _shows(user_id: UUID, viewer_id: UUID | None) -> bool:
    audience = privacy_of([user_id])[user_id].profile_to
    return audience == EVERYBODY or viewer_id == user_id or (audience == "members" and viewer_id is not None)


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
        rates=profile.rates,
        languages=tuple(
            said.Language(code=code, level=level)
            for code, level in zip(profile.languages, profile.language_levels, strict=True)
        ),
        skills=rules.in_order(
            [
                rules.Skill(
                    skill_id=skill.skill_id,
                    name=skill.name,
                    level=skill.level,
                    years=skill.years,
                    verified=skill.verified,
                )
                for skill in profile.skills.all()
            ]
        ),
        experience=resume.newest_first(resume.Experience(**_station(row)) for row in profile.experience.all()),
        education=resume.newest_first(resume.Education(**_station(row)) for row in profile.education.all()),
        portfolio_file_ids=tuple(profile.portfolio_file_ids),
    )


def availability_of(profile: Profile) -> availability.Availability:
    """When somebody can work."""
    return availability.Availability(
        zone=profile.availability_zone or profile.user.zone,
        slots=tuple(
            sorted(
                availability.Slot(weekday=row.weekday, starts=row.starts, minutes=row.minutes)
                for row in profile.slots.all()
            )
        ),
        days_off=tuple(
            sorted(
                availability.TimeOff(first=row.first, last=row.last, note=row.note) for row in profile.days_off.all()
            )
        ),
        holidays=profile.holiday_country,
        paused_until=profile.paused_until,
    )


def lock_profile(user_id: UUID) -> Profile:
    """The rows of the profile and its person, locked until the transaction ends. Raises NotFound."""
    profile = Profile.objects.select_related("user").select_for_update().filter(user_id=user_id).first()
    if profile is None:
        raise NotFound("You have no profile.")
    return profile


# Private functions


def _station(row: Experience | Education) -> dict[str, Any]:
    names = ("organisation", "title", "started", "ended", "text")
    return {name: getattr(row, name) for name in names}
