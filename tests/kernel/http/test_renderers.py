"""What the renderer writes for values that are not JSON by themselves."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from kelmah.http.renderers import JSONRenderer
from kelmah.money import Money


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Money(12500, "GHS"), b'{"amount":12500,"currency":"GHS"}'),
        (Decimal("4.37"), b'"4.37"'),
        (datetime(2026, 5, 1, 9, tzinfo=UTC), b'"2026-05-01T09:00:00Z"'),
        (orjson.Fragment('[{"made":"by PostgreSQL"}]'), b'[{"made":"by PostgreSQL"}]'),
    ],
)
def test_values_have_one_form(value: object, written: bytes) -> None:
    assert JSONRenderer().render({"it": value}) == b'{"it":' + written + b"}"


def test_an_object_that_has_no_form_is_a_fault_and_not_a_guess() -> None:
    with pytest.raises(TypeError):
        JSONRenderer().render({"it": object()})
