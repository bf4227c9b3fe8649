"""Rectangles around points: none of the radius is left out."""

from math import asin, cos, radians, sin, sqrt

from hypothesis import given
from hypothesis import strategies as st

from kelmah.geography import EARTH_RADIUS_KM, boxes_around


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    lat_1, lon_1, lat_2, lon_2 = (radians(degree) for degree in (*one, *other))
    half = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1, sqrt(half)))


LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)


class TestBoxes:
    @given(
        LATITUDES, LONGITUDES, st.floats(1, 500), st.tuples(st.floats(-5, 5), st.floats(-8, 8)), LATITUDES, LONGITUDES
    )
    def test_every_point_within_the_radius_is_in_a_box(
        self, latitude: float, longitude: float, radius: float, nudge: tuple[float, float], far: float, away: float
    ) -> None:
        boxes = boxes_around(latitude, longitude, radius)
        near = (max(-90, min(90, latitude + nudge[0])), (longitude + nudge[1] + 540) % 360 - 180)
        for point in (near, (far, away), (latitude, longitude)):
            if distance_km((latitude, longitude), point) <= radius:
                assert any(box.south <= point[0] <= box.north and box.west <= point[1] <= box.east for box in boxes), (
                    boxes,
                    point,
                )

    @given(LATITUDES, LONGITUDES, st.floats(1, 500))
    def test_a_box_is_a_rectangle_of_real_degrees(self, latitude: float, longitude: float, radius: float) -> None:
        for box in boxes_around(latitude, longitude, radius):
            assert -90 <= box.south <= box.north <= 90
            assert -180 <= box.west <= box.east <= 180

    def test_the_date_line_cuts_the_area_in_two(self) -> None:
        west, east = boxes_around(-17.0, 179.9, 50)
        assert west.east == 180
        assert east.west == -180

    def test_a_small_radius_asks_for_a_small_area(self) -> None:
        (box,) = boxes_around(5.556, -0.182, 10)
        assert box.north - box.south < 0.19
        assert box.east - box.west < 0.19
