"""When people can work, told by themselves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from domains.identity import queries
from domains.identity.actions import cards
from domains.identity.models import DayOff, Profile, WeeklySlot
from domains.identity.queries.profiles import availability_of
from domains.identity.rules import availability
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.errors import FieldError, InvalidInput


def update_availability(*, user_id: UUID, expected_version: int | None, changes: Mapping[str, Any]) -> Profile:
    """Change the named parts (fields of ``availability.Availability``) and leave the others. The version is that of the
    profile, which this is a part of. Raises NotFound, StaleVersion, InvalidInput."""
    wanted: dict[str, Any] = {
        name: tuple(sorted(part)) if isinstance(part, list) else part for name, part in changes.items()
    }
    with atomic("identity"):
        profile = queries.lock_profile(user_id)  # two devices editing at once: the second sees a newer version
        check_version(profile, expected_version)
        if profile.user.role != "worker":
            raise InvalidInput(errors=[FieldError("/slots", "workers_only", "Only a worker's profile has this.")])
        before = availability_of(profile)
        after = replace(before, **wanted)
        availability.check_availability(after, now=clock.now())
        if after != before:
            _write(profile, after, keeps_own_zone=bool(profile.availability_zone) or "zone" in changes)
            cards.refresh(user_id)
    return queries.own_profile(user_id)


def _write(profile: Profile, wanted: availability.Availability, *, keeps_own_zone: bool) -> None:
    profile.slots.all().delete()
    WeeklySlot.objects.bulk_create(WeeklySlot(profile=profile, **vars(slot)) for slot in wanted.slots)
    profile.days_off.all().delete()
    DayOff.objects.bulk_create(DayOff(profile=profile, **vars(off)) for off in wanted.days_off)
    profile.availability_zone = wanted.zone if keeps_own_zone else ""
    profile.holiday_country, profile.paused_until = wanted.holidays, wanted.paused_until
    profile.save_change("availability_zone", "holiday_country", "paused_until")
