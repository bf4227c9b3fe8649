"""What conversations are about."""

from typing import Final
from uuid import UUID

CONTEXTS: Final = frozenset({"contract", "proposal"})


def pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Two people in the one order in which a pair is stored."""
    return (one, other) if one < other else (other, one)
