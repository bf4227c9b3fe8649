"""How complete a profile is."""

from collections.abc import Mapping
from typing import Final

# What a profile needs, by role, and how much each part counts; the parts of a role sum to 100.
PARTS: Final[Mapping[str, Mapping[str, int]]] = {
    "worker": {"headline": 20, "bio": 20, "skills": 25, "place": 20, "rate": 15},
    "hirer": {"headline": 30, "bio": 30, "place": 40},
    "staff": {},
}


def completeness(*, role: str, filled: Mapping[str, bool]) -> tuple[int, list[str]]:
    """Percent from 0 to 100, and the parts that are missing, most valuable first."""
    parts = PARTS[role]
    missing = sorted((part for part in parts if not filled.get(part)), key=lambda part: (-parts[part], part))
    return 100 - sum(parts[part] for part in missing), missing
