"""Facts about nothing, published by the probe and heard by the probe."""

from dataclasses import dataclass

from kelmah.events.event import Event


@dataclass(frozen=True, kw_only=True)
class Counted(Event, domain="probe", key="line", to=("probe",)):
    """Number ``number`` of a line of numbers."""

    line: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Tallied(Event, domain="probe", key="line", to=("probe",)):
    """One more of a line, for a projection that hears many at once."""

    line: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Troubled(Event, domain="probe", key="line", to=("probe",)):
    """A number whose handler fails while the line is in trouble."""

    line: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Unheard(Event, domain="probe", key="line", to=()):
    """Nobody listens."""

    line: str
