"""What a profile may say, and how complete it is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kelmah.errors import FieldError, InvalidInput
from kelmah.money import Money

HEADLINE_LENGTH: Final = 120
BIO_LENGTH: Final = 5_000
PLACE_LENGTH: Final = 120
RADIUS_KM: Final = (1, 500)
MOST_SKILLS: Final = 50
MOST_LANGUAGES: Final = 20
LEVELS: Final = (1, 5)
MOST_YEARS: Final = 60
MAX_RATE_MINOR: Final = 10**9
SKILL_ID: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"  # the shape of marketplace's taxonomy, which alone knows what exists
LANGUAGE: Final = r"^[a-z]{2,3}$"  # ISO 639

# What only somebody who works has.
WORKERS_ONLY: Final = ("skills", "radius_km", "rate")

# What a profile needs, by role, and how much each part counts; the parts of a role sum to 100.
PARTS: Final[Mapping[str, Mapping[str, int]]] = {
    "worker": {"skills": 25, "headline": 15, "bio": 15, "place": 15, "service_area": 10, "rate": 10, "languages": 10},
    "hirer": {"place": 40, "headline": 20, "bio": 20, "languages": 20},
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A point with a name: where somebody is, or works from."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class Skill:
    """``level`` 1 (beginner) to 5 (master), and years of practice."""

    skill_id: str
    name: str
    level: int
    years: int


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that people say of themselves. Skills come in a fixed order: best first."""

    display_name: str
    locale: str
    zone: str
    headline: str = ""
    bio: str = ""
    place: Place | None = None
    radius_km: int | None = None
    rate: Money | None = None
    languages: tuple[str, ...] = ()
    skills: tuple[Skill, ...] = ()


def in_order(skills: Collection[Skill]) -> tuple[Skill, ...]:
    return tuple(sorted(skills, key=lambda skill: (-skill.level, -skill.years, skill.name, skill.skill_id)))


def check_content(content: Content, *, role: str) -> None:
    """What no single field can tell. Raises InvalidInput, field by field."""
    errors = [
        FieldError(f"/{part}", "workers_only", "Only a worker's profile has this.")
        for part in WORKERS_ONLY
        if role != "worker" and getattr(content, part)
    ]
    if content.radius_km is not None and content.place is None:
        errors.append(FieldError("/radius_km", "place_missing", "A service area needs a place: send it too."))
    errors += _repeated("skills", [skill.skill_id for skill in content.skills])
    errors += _repeated("languages", content.languages)
    if errors:
        raise InvalidInput(errors=errors)


def completeness(content: Content, *, role: str) -> tuple[int, list[str]]:
    """Percent from 0 to 100, and the parts that are missing, most valuable first."""
    filled = {
        "skills": bool(content.skills),
        "headline": bool(content.headline),
        "bio": bool(content.bio),
        "place": content.place is not None,
        "service_area": content.radius_km is not None,
        "rate": content.rate is not None,
        "languages": bool(content.languages),
    }
    parts = PARTS[role]
    missing = sorted((part for part in parts if not filled[part]), key=lambda part: (-parts[part], part))
    return 100 - sum(parts[part] for part in missing), missing


def _repeated(field: str, values: Sequence[str]) -> list[FieldError]:
    return [FieldError(f"/{field}", "not_unique", "Name each one once.")] if len(set(values)) < len(values) else []
