"""Everything that may cross, in one place."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

from kelmah.money import Money


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, kw_only=True)
class Item:
    name: str
    price: Money
    weight: Decimal
    parts: "tuple[Item, ...]" = ()


@dataclass(frozen=True, kw_only=True)
class Parcel:
    id: UUID
    size: Size
    sent_at: datetime
    promised_on: date | None
    items: list[Item]
    labels: dict[str, str | int | None]
    corners: tuple[int, float]
    insured: bool


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the implementation sees of its surroundings."""

    seconds_left: float
    rehearsing: bool
    request_id: str
    traceparent: str
    process: int
