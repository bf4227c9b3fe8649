"""What runs, for people and for ``manage.py split status``: a table, and the same as a file."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kelmah.embedded.plan import Member
from kelmah.embedded.units import ProcessUnit

_HEADS = ("process", "domain", "pid", "address", "memory")


class Status:
    """``file`` is written anew whenever a process is another one than before."""

    def __init__(self, members: Sequence[Member], units: Sequence[ProcessUnit], *, file: Path) -> None:
        self._members, self._units, self._file = members, units, file
        self._written: list[int | None] = []
        self.refresh()

    def refresh(self) -> None:
        pids = [unit.pid for unit in self._units]
        if pids != self._written:
            partial = self._file.with_suffix(".partial")
            partial.write_text(json.dumps(self._rows(), indent=1))
            partial.rename(self._file)
            self._written = pids

    def table(self) -> list[str]:
        return table_of(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"process": member.process.name, "domain": member.domain, "address": member.address, "pid": unit.pid}
            for member, unit in zip(self._members, self._units, strict=True)
        ]


def read_status(file: Path) -> list[dict[str, Any]]:
    """The rows that a running supervisor wrote. Raises FileNotFoundError."""
    rows: list[dict[str, Any]] = json.loads(file.read_text())
    return rows


def table_of(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Lines of a table; a process that does not run has no memory."""
    cells = [_HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def megabytes(pid: int) -> float:
    """Memory of its own (PSS) of a process and of all that it started; 0 when there is none."""
    return sum(_pss(one) for one in [pid, *descendants(pid)]) / 1024


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if entry.isdecimal():
            try:
                parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry))
    found, open_ends = list[int](), [pid]
    while open_ends:
        children = parents.get(open_ends.pop(), [])
        found += children
        open_ends += children
    return found


# Private functions


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    pid = row["pid"]
    memory = megabytes(pid) if pid else 0.0
    runs = f"{memory:.0f} MiB" if memory else "does not run"
    return row["process"], row["domain"] or "-", str(pid or "-"), row["address"] or "-", runs


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended, or this is not Linux
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
