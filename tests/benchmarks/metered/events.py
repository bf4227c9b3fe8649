"""The measured facts. Each carries when it was committed, as far as its publisher can know."""

from dataclasses import dataclass
from uuid import UUID

from kelmah.events.event import Event


@dataclass(frozen=True, kw_only=True)
class Counted(Event, domain="metered", key="line", to=("metered",)):
    """Heard one by one, each in a transaction of its own."""

    line: str
    number: int
    subject_id: UUID
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Tallied(Event, domain="metered", key="line", to=("metered",)):
    """Heard in batches, by a projection."""

    line: str
    number: int
    subject_id: UUID
    note: str = ""
