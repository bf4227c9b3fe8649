"""Places on the earth: its radius, and the rectangles of degrees around a point."""

from dataclasses import dataclass
from math import asin, cos, degrees, pi, radians, sin
from typing import Final

EARTH_RADIUS_KM: Final = 6371.0088  # mean radius, IUGG


@dataclass(frozen=True)
class Box:
    """A rectangle of degrees, ends included."""

    south: float
    west: float
    north: float
    east: float


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
