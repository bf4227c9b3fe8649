"""What a supervisor starts, as data: steps before the first process, and processes with their environments."""

from collections.abc import Mapping
from dataclasses import dataclass

from kelmah.embedded.processes import Process


@dataclass(frozen=True)
class Step:
    """A management command that runs to its end."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    says: str = ""  # besides the command's name: for whom


@dataclass(frozen=True)
class Member:
    """One process. ``address``: where it answers, for people."""

    process: Process
    env: Mapping[str, str]
    domain: str = ""
    address: str = ""


@dataclass(frozen=True)
class Plan:
    """``setup`` brings the databases up to date and is repeated only when the code changes; ``demo`` runs once.

    ``groups`` start one after the other, each when the one before is healthy; ``stop_order`` names processes, the first
    to go first. ``rows`` are what people want to know when everything runs.
    """

    setup: tuple[Step, ...]
    demo: Step | None
    groups: tuple[tuple[Member, ...], ...]
    stop_order: tuple[tuple[str, ...], ...]
    rows: Mapping[str, str]

    @property
    def members(self) -> list[Member]:
        return [member for group in self.groups for member in group]
