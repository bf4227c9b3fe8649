"""Workers of the directory, made through the domain's own actions."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domains.identity import actions, rules
from domains.identity.actions import cards
from domains.identity.actions.availability import update_availability
from domains.identity.actions.profiles import update_profile
from domains.identity.models import Profile
from domains.identity.rules.availability import Slot
from domains.identity.rules.profiles import Language, Rates
from kelmah.db import atomic
from kelmah.money import Money
from tests.identity.factories import sign_up

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)  # a Saturday
CARPENTRY, PLUMBING, TILING = "47-2031-00-carpentry", "47-2152-00-plumbing", "47-2044-00-tile-and-stone-setting"
OSU, TEMA, KUMASI = (5.556, -0.182), (5.669, -0.017), (6.688, -1.624)
WEEKDAYS = tuple(Slot(weekday=day, starts=8 * 60, minutes=9 * 60) for day in range(1, 6))


def worker(
    *,
    name: str = "Kofi",
    skills: dict[str, int] | None = None,
    at: tuple[float, float] | None = None,
    radius_km: int | None = None,
    hourly: Money | None = None,
    stars: int = 0,
    level: int = 0,
    languages: str = "",
    hours: dict[str, Any] | None = None,
    **content: Any,
) -> UUID:
    """Somebody who may be found; ``skills`` are levels by id, ``languages`` codes in one text."""
    user = sign_up(role="worker", display_name=name).user
    place = rules.Place(name="Somewhere", latitude=at[0], longitude=at[1]) if at else None
    content |= {
        "skills": tuple(
            rules.Skill(skill_id=skill_id, level=grade, years=3)
            for skill_id, grade in (skills or {CARPENTRY: 3}).items()
        ),
        "place": place,
        "radius_km": radius_km,
        "rates": Rates(hourly=hourly),
        "languages": tuple(Language(code=code, level="fluent") for code in languages.split()),
    }
    update_profile(user_id=user.id, expected_version=None, changes=content)
    if hours:
        update_availability(user_id=user.id, expected_version=None, changes=hours)
    if stars:
        actions.record_reputation(user_id=user.id, stars=stars, reviews=10)
    if level:
        with atomic("identity"):  # how one gets there: paper_factories
            Profile.objects.filter(user_id=user.id).update(verified_level=level)
            cards.refresh(user.id)
    return user.id


def cedis(amount: int) -> Money:
    return Money(amount * 100, "GHS")
