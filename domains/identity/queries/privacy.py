"""How much of themselves people show: everything that shows people to others asks here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """``place_digits``: how exact a place is told, in decimals of a degree (2 is about a kilometre); None: not at all.
    ``in_search``: whether the directory lists them."""

    place_digits: int | None = 2
    in_search: bool = True


def privacy_of(user_ids: Collection[UUID]) -> Mapping[UUID, Privacy]:
    """By user id, for each of them."""
    return dict.fromkeys(user_ids, Privacy())
