"""What calls cost, from the journal that ``RPC_JOURNAL`` makes processes write."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Price:
    """Of one method, as one caller asks it: how often, and in how many milliseconds (nearest rank)."""

    count: int
    p50: float
    p95: float


Prices = Mapping[tuple[str, str], Price]  # by caller and method


def prices(journal: Path, *, transport: str) -> Prices:
    """Of every call in the journal that went that way."""
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    for line in _lines(journal):
        if line["transport"] == transport:
            taken[line["caller"], line["method"]].append(line["microseconds"] / 1000)
    return {call: Price(len(times), _rank(times, 0.5), _rank(times, 0.95)) for call, times in sorted(taken.items())}


def _rank(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def _lines(journal: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(journal.glob("*.jsonl")):
        yield from (json.loads(line) for line in file.read_text().splitlines())
