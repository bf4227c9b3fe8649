"""Days on which whole countries rest, as the ``holidays`` package knows them."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Final

import holidays

COUNTRIES: Final = frozenset(holidays.list_supported_countries(include_aliases=False))


@lru_cache(maxsize=1_000)  # few countries, a handful of years
def public_holidays(country: str, year: int) -> Mapping[date, str]:
    """The days and their names, in the country's own language or English; of no country, none. Holidays that hang on
    the moon are foretold, and may be announced a day off. ``country`` is one of ``COUNTRIES`` or empty."""
    return dict(holidays.country_holidays(country, years=year)) if country else {}


def holidays_between(country: str, first: date, last: date) -> list[tuple[date, str]]:
    """In order, ends included."""
    years = range(first.year, last.year + 1)
    days = sorted(day for year in years for day in public_holidays(country, year).items())
    return [(day, name) for day, name in days if first <= day <= last]
