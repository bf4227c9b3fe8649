"""Where somebody worked and learned."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

ORGANISATION_LENGTH: Final = 120
TITLE_LENGTH: Final = 120
STORY_LENGTH: Final = 2_000
MOST_STATIONS: Final = 30


@dataclass(frozen=True, kw_only=True)
class Station:
    """A time at one place. Months are told by their first day; ``ended`` None: until today."""

    organisation: str
    title: str
    started: date
    ended: date | None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Experience(Station):
    """Work; ``organisation`` is the employer."""


@dataclass(frozen=True, kw_only=True)
class Education(Station):
    """Learning; ``organisation`` is the school, ``title`` what it led to."""


AStation = TypeVar("AStation", bound=Station)


def newest_first(stations: Iterable[AStation]) -> tuple[AStation, ...]:
    """In one order, whatever order they were told in: what goes on first, then what ended last."""
    return tuple(
        sorted(
            stations,
            key=lambda each: (each.ended or date.max, each.started, each.organisation, each.title, each.text),
            reverse=True,
        )
    )
