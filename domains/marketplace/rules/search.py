"""How a search for jobs is put together: words, weights, and the area around a point."""

import re
from dataclasses import dataclass
from math import asin, cos, degrees, pi, radians, sin
from typing import Final

EARTH_RADIUS_KM: Final = 6371.0088  # mean radius, IUGG
MAX_WORDS: Final = 12
MAX_WORD_LENGTH: Final = 40
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Ranking:
    """What a match is worth. Changing a weight makes a new version; cursors of an old one end.

    ``letters`` are the weights of description (C), skills (B) and title (A) after the unused D; ``title_any`` and
    ``title_all`` are added when one or every asked word is in the title, ``freshness`` for a job published this moment,
    halving every ``half_life_days``. Only the newest ``candidates`` matches are scored: ranking, not matching, is what
    a search costs.
    """

    version: int
    letters: tuple[float, float, float, float]
    title_any: float
    title_all: float
    freshness: float
    half_life_days: int
    candidates: int


RANKING: Final = Ranking(
    version=1,
    letters=(0.05, 0.15, 0.5, 1.0),
    title_any=0.1,
    title_all=0.4,
    freshness=0.1,
    half_life_days=7,
    candidates=2000,
)


@dataclass(frozen=True)
class Box:
    """A rectangle of degrees, ends included."""

    south: float
    west: float
    north: float
    east: float


def search_words(text: str) -> list[str]:
    """The words of a query, each once, lower-cased: letters and digits only, so that no operator gets through."""
    found = (word[:MAX_WORD_LENGTH] for word in _WORD.findall(text.lower()))
    return list(dict.fromkeys(found))[:MAX_WORDS]


def boxes_around(latitude: float, longitude: float, radius_km: float) -> list[Box]:
    """One or two rectangles that hold every point within the radius (two where the date line cuts it).

    An index can search a rectangle; the true distance is asked of what it finds.
    """
    # A hair wider than the truth, so that rounding never loses a point on the rim.
    angle = radius_km / EARTH_RADIUS_KM * (1 + 1e-9) + 1e-12
    south, north = latitude - degrees(angle), latitude + degrees(angle)
    if south <= -90 or north >= 90 or angle >= pi / 2:
        return [Box(max(south, -90.0), -180.0, min(north, 90.0), 180.0)]
    reach = degrees(asin(min(1.0, sin(angle) / cos(radians(latitude)))))
    west, east = longitude - reach, longitude + reach
    if west < -180:
        return [Box(south, west + 360, north, 180.0), Box(south, -180.0, north, east)]
    if east > 180:
        return [Box(south, west, north, 180.0), Box(south, -180.0, north, east - 360)]
    return [Box(south, west, north, east)]
