"""What a profile may say, and how complete it is."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from domains.identity.rules.resume import Education, Experience
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
LANGUAGE_LEVELS: Final = ("basic", "conversational", "fluent", "native")
RATE_KINDS: Final = ("hourly", "daily", "visit")  # an hour, a day, coming once for whatever it is
MOST_PORTFOLIO_FILES: Final = 50

# What only somebody who works has.
WORKERS_ONLY: Final = ("skills", "radius_km", "rates", "experience", "education", "portfolio_file_ids")

# What a profile needs, by role, and how much each part counts; the parts of a role sum to 100.
PARTS: Final[Mapping[str, Mapping[str, int]]] = {
    "worker": {
        "skills": 20, "headline": 10, "bio": 10, "place": 10, "experience": 10, "availability": 10, "rates": 10,
        "service_area": 5, "languages": 5, "education": 5, "portfolio": 5,
    },
    "hirer": {"place": 40, "headline": 20, "bio": 20, "languages": 20},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """A point with a name: where somebody is, or works from."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class Skill:
    """``level`` 1 (beginner) to 5 (master), and years of practice. ``name`` is the taxonomy's; ``verified``: a
    certificate proved it. Both are filled in by actions, never by the caller."""

    skill_id: str
    level: int
    years: int
    name: str = ""
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class Language:
    """``code`` of ISO 639, ``level`` one of ``LANGUAGE_LEVELS``."""

    code: str
    level: str


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What somebody asks for an hour, a day, a visit; each in a currency of its own."""

    hourly: Money | None = None
    daily: Money | None = None
    visit: Money | None = None

    def __bool__(self) -> bool:
        return any((self.hourly, self.daily, self.visit))


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything that people say of themselves, besides when they can work. Skills come in a fixed order, best first;
    experience and education newest first."""

    display_name: str
    locale: str
    zone: str
    headline: str = ""
    bio: str = ""
    place: Place | None = None
    radius_km: int | None = None
    rates: Rates = Rates()
    languages: tuple[Language, ...] = ()
    skills: tuple[Skill, ...] = ()
    experience: tuple[Experience, ...] = ()
    education: tuple[Education, ...] = ()
    portfolio_file_ids: tuple[UUID, ...] = ()


def in_order(skills: Collection[Skill]) -> tuple[Skill, ...]:
    return tuple(sorted(skills, key=lambda skill: (-skill.level, -skill.years, skill.name, skill.skill_id)))


def check_content(content: Content, *, role: str, today: date) -> None:
    """What no single field can tell. Raises InvalidInput, field by field."""
    errors = [
        FieldError(f"/{part}", "workers_only", "Only a worker's profile has this.")
        for part in WORKERS_ONLY
        if role != "worker" and getattr(content, part)
    ]
    if content.radius_km is not None and content.place is None:
        errors.append(FieldError("/radius_km", "place_missing", "A service area needs a place: send it too."))
    errors += _repeated("skills", [skill.skill_id for skill in content.skills])
    errors += _repeated("languages", [language.code for language in content.languages])
    errors += _repeated("portfolio_file_ids", content.portfolio_file_ids)
    for field, stations in (("experience", content.experience), ("education", content.education)):
        errors += _wrong_months(field, stations, today)
    if errors:
        raise InvalidInput(errors=errors)


def completeness(content: Content, *, role: str, says_when: bool) -> tuple[int, list[str]]:
    """Percent from 0 to 100, and the parts that are missing, most valuable first. ``says_when``: the hours of work are
    given."""
    filled = {
        "skills": bool(content.skills),
        "headline": bool(content.headline),
        "bio": bool(content.bio),
        "place": content.place is not None,
        "service_area": content.radius_km is not None,
        "rates": bool(content.rates),
        "languages": bool(content.languages),
        "experience": bool(content.experience),
        "education": bool(content.education),
        "availability": says_when,
        "portfolio": bool(content.portfolio_file_ids),
    }
    parts = PARTS[role]
    missing = sorted((part for part in parts if not filled[part]), key=lambda part: (-parts[part], part))
    return 100 - sum(parts[part] for part in missing), missing


def _wrong_months(field: str, stations: Sequence[Experience | Education], today: date) -> list[FieldError]:
    """Work has been done, a school may end when it is foreseen to."""
    errors = []
    for number, station in enumerate(stations):
        if station.started > today:
            errors.append(FieldError(f"/{field}/{number}/started", "in_the_future", "This has not begun yet."))
        if station.ended is not None and station.ended < station.started:
            errors.append(FieldError(f"/{field}/{number}/ended", "ends_first", "The end is before the beginning."))
        elif field == "experience" and station.ended is not None and station.ended > today:
            errors.append(FieldError(f"/{field}/{number}/ended", "in_the_future", "This has not ended yet: null."))
    return errors


def _repeated(field: str, values: Sequence[Hashable]) -> list[FieldError]:
    return [FieldError(f"/{field}", "not_unique", "Name each one once.")] if len(set(values)) < len(values) else []
