"""The verification ladder: how far somebody has shown who they are and what they can do, from 0 to 3."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

TOP: Final = 3
JOBS: Final = 10  # finished ones, at
STARS: Final = 450  # hundredths, or more
WORKERS_ONLY: Final = "skill"

# What each rung needs besides those below it. ``certificate_or_jobs``: a certificate, or many jobs done well.
RUNGS: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("phone", "photo", "skill"),
    2: ("national_id", "selfie", "address"),
    3: ("certificate_or_jobs",),
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of somebody: ``papers`` are the kinds of which one counts now, ``stars`` hundredths."""

    role: str
    phone: bool
    skills: int
    papers: frozenset[str]
    jobs: int
    stars: int


def level_of(facts: Facts) -> int:
    """The highest rung such that nothing is missing on it and below."""
    reached = 0
    while reached < TOP and not missing_on(reached + 1, facts):
        reached += 1
    return reached


def missing_on(rung: int, facts: Facts) -> list[str]:
    """What this rung still needs, in its order."""
    has = {
        "phone": facts.phone,
        "skill": facts.skills > 0 or facts.role != "worker",
        "certificate_or_jobs": "certificate" in facts.papers or (facts.jobs >= JOBS and facts.stars >= STARS),
    }
    return [part for part in RUNGS[rung] if not has.get(part, part in facts.papers)]
