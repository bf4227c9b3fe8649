"""The directory of workers: what somebody's place in it is made of, how a question is put, and distances."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import cos, log10, pi, radians, sin
from typing import Final

from kelmah.errors import FieldError, InvalidInput
from kelmah.geography import EARTH_RADIUS_KM

MAX_WORDS: Final = 8
MAX_WORD_LENGTH: Final = 40
MAX_SKILLS_ASKED: Final = 10
EXCERPT_LENGTH: Final = 240
CANDIDATES: Final = 2_000  # that are scored for one question
WHOLE: Final = 10_000  # basis points
MOST_JOBS_FULL: Final = 100_000
MOST_RECENCY_DAYS: Final = 3_650
TERMS: Final = ("rating", "verified", "jobs", "recency")
AHEAD: Final = timedelta(days=366)  # a search may ask who is free within it
HOLIDAYS_AHEAD: Final = timedelta(days=400)  # that a card knows; it is written anew every day
HIGHEST_LEVEL: Final = 3  # of the ladder of verification
_STRENGTH_OF_A_LEVEL, _STRENGTH_OF_PROOF = 16, 20
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What each term counts, in basis points that sum to 10,000. ``match`` is the part that words and skills take when
    some are asked for; the rest goes to the terms. ``jobs_full``: so many jobs count in full, fewer by their logarithm;
    ``recency_days``: after so many days of silence nothing is left."""

    version: int
    rating: int
    verified: int
    jobs: int
    recency: int
    match: int
    jobs_full: int
    recency_days: int


# The first version; later ones are rows that staff add with a reason.
FIRST_WEIGHTS: Final = Weights(
    version=1, rating=4_000, verified=2_500, jobs=2_000, recency=1_500, match=6_000, jobs_full=999, recency_days=180
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a place in the directory is made of. ``stars`` in hundredths, 0 without reviews; ``silent_for``: since they
    were last here."""

    stars: int
    verified_level: int
    jobs: int
    silent_for: timedelta


def check_weights(weights: Weights) -> None:
    """Raises InvalidInput, field by field: what the terms count must make up the whole."""
    errors = [
        FieldError(f"/{name}", "out_of_range", "From 0 to 10000 basis points.")
        for name in (*TERMS, "match")
        if not 0 <= getattr(weights, name) <= WHOLE
    ]
    if sum(getattr(weights, name) for name in TERMS) != WHOLE:
        errors.append(FieldError("/rating", "not_whole", "Rating, verified, jobs and recency sum to 10000."))
    if not 1 <= weights.jobs_full <= MOST_JOBS_FULL:
        errors.append(FieldError("/jobs_full", "out_of_range", "From 1 to 100000 jobs."))
    if not 1 <= weights.recency_days <= MOST_RECENCY_DAYS:
        errors.append(FieldError("/recency_days", "out_of_range", "From 1 to 3650 days."))
    if errors:
        raise InvalidInput(errors=errors)


def contributions(standing: Standing, weights: Weights) -> Mapping[str, int]:
    """What each term adds, in millionths of the whole."""
    days = standing.silent_for / timedelta(days=1)
    terms = {
        "rating": standing.stars / 500,
        "verified": standing.verified_level / HIGHEST_LEVEL,
        "jobs": min(1.0, log10(1 + standing.jobs) / log10(1 + weights.jobs_full)),
        "recency": min(1.0, max(0.0, 1 - days / weights.recency_days)),
    }
    return {name: round(value * getattr(weights, name) * 1_000_000 / WHOLE) for name, value in terms.items()}


def skill_strength(*, level: int, verified: bool) -> int:
    """How well somebody has a skill, 0 to 100: a master with papers has 100."""
    return level * _STRENGTH_OF_A_LEVEL + (_STRENGTH_OF_PROOF if verified else 0)


def search_words(text: str) -> list[str]:
    """The words of a question, each once, lower-cased: letters and digits only, so that no operator gets through."""
    found = (word[:MAX_WORD_LENGTH] for word in _WORD.findall(text.lower()))
    return list(dict.fromkeys(found))[:MAX_WORDS]


def chord(km: float) -> float:
    """The straight line through a ball of radius 1 between two points this far apart on the ground."""
    return 2 * sin(min(pi, km / EARTH_RADIUS_KM) / 2)


def on_a_ball(latitude: float, longitude: float) -> tuple[float, float, float]:
    """A point of the earth as one on a ball of radius 1."""
    north, east = radians(latitude), radians(longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)
