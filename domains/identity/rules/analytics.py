"""Figures about how people come, get going and stay: by week and month, by role and region, never about one of them."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Final

SMALLEST: Final = 5  # a group of fewer people is not told
WEEKS: Final = 26  # of sign-ups and cohorts
MONTHS: Final = 12  # of funnels
FOLLOWED: Final = 12  # weeks after the sign-up
KINDS: Final = ("signups", "funnel", "retention")
BY: Final = ("all", "role", "region")

# In the order in which people get going; each is reached once.
STEPS: Final = ("signed_up", "profile", "first_move", "contract", "completed")
HEARD: Final = ("first_move", "contract", "completed")  # by events: posted or proposed, signed, came to its end

# The sixteen regions by their capitals. Somebody counts for the nearest within reach, which is right but near borders.
REGIONS: Final[Mapping[str, tuple[float, float]]] = {
    "ahafo": (6.80, -2.52),
    "ashanti": (6.69, -1.62),
    "bono": (7.34, -2.33),
    "bono_east": (7.59, -1.94),
    "central": (5.11, -1.25),
    "eastern": (6.09, -0.26),
    "greater_accra": (5.56, -0.20),
    "north_east": (10.53, -0.37),
    "northern": (9.40, -0.84),
    "oti": (8.07, 0.18),
    "savannah": (9.08, -1.82),
    "upper_east": (10.79, -0.85),
    "upper_west": (10.06, -2.50),
    "volta": (6.61, 0.47),
    "western": (4.90, -1.76),
    "western_north": (6.20, -2.49),
}
REACH: Final = 200.0  # kilometres
_EARTH: Final = 6371.0


def region_of(latitude: float | None, longitude: float | None) -> str:
    """The region of a place; ``unknown`` without one, ``elsewhere`` beyond reach."""
    if latitude is None or longitude is None:
        return "unknown"
    distance, name = min((_kilometres(latitude, longitude, *capital), name) for name, capital in REGIONS.items())
    return name if distance <= REACH else "elsewhere"


def week_of(moment: datetime | date) -> date:
    """The Monday that a week begins with, in UTC."""
    day = moment.date() if isinstance(moment, datetime) else moment
    return day - timedelta(days=day.weekday())


def month_of(moment: datetime) -> date:
    return moment.date().replace(day=1)


def told(total: int, parts: Mapping[str, int]) -> tuple[int | None, dict[str, int | None]]:
    """The total and its parts as they may be told: None for what is hidden.

    Groups of one to four people are hidden, and with them the next smallest until two groups or more, of five people or
    more together, are: else the total less the others would tell what they are.
    """
    if 0 < total < SMALLEST:
        return None, {name: None if count else 0 for name, count in parts.items()}
    hidden = {name for name, count in parts.items() if 0 < count < SMALLEST}
    shown = sorted((count, name) for name, count in parts.items() if count and name not in hidden)
    while hidden and shown and (len(hidden) < 2 or sum(parts[name] for name in hidden) < SMALLEST):
        hidden.add(shown.pop(0)[1])
    return total, {name: None if name in hidden else count for name, count in parts.items()}


# Private functions


def _kilometres(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    north, south = radians(latitude), radians(other_latitude)
    half = sin((south - north) / 2) ** 2
    half += cos(north) * cos(south) * sin(radians(other_longitude - longitude) / 2) ** 2
    return 2 * _EARTH * asin(sqrt(half))
