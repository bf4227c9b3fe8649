"""What identity tells the other domains about people."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account, as others may see them. ``status`` is ``active``, ``suspended`` or ``erased``."""

    user_id: UUID
    display_name: str
    role: str
    locale: str
    zone: str
    status: str


@dataclass(frozen=True, kw_only=True)
class SkillLevel:
    """One skill of a worker: the taxonomy's id, ``level`` 1 (beginner) to 5 (master), and years of practice."""

    skill_id: str
    name: str
    level: int
    years: int


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A worker's or hirer's public profile. ``stars`` is the Bayesian mean in hundredths (437 is 4.37)."""

    user_id: UUID
    display_name: str
    role: str
    headline: str
    bio: str
    skills: list[SkillLevel]
    place: str
    radius_km: int | None
    stars: int | None
    reviews: int
    completeness: int
