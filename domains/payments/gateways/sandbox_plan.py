"""What goes wrong at the sandbox: faults that are named, and faults by a seeded dice."""

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Any, Final

CARRIED_OUT: Final = frozenset({"silence", "error", "garbage"})
NOT_CARRIED_OUT: Final = frozenset({"lost", "refuse", "limit", "unauthorized"})
WEBHOOKS: Final = frozenset({"drop", "twice", "late", "tamper"})


@dataclass(kw_only=True)
class Fault:
    """What happens to the next ``times`` requests whose ``"METHOD /path"`` matches ``on``.

    Carried out, but ``silence``: no answer; ``error``: a 500; ``garbage``: a 200 with a page. Not carried out:
    ``lost``: no answer; ``refuse``: a 503; ``limit``: a 429; ``unauthorized``: a 401.
    """

    on: str
    does: str
    times: int = 1

    def __post_init__(self) -> None:
        if self.does not in CARRIED_OUT | NOT_CARRIED_OUT:
            raise ValueError(self.does)
        re.compile(self.on)


@dataclass(kw_only=True)
class Plan:
    """``chances``: how likely each fault of an order, or of a webhook, is, by name; the same ``seed`` and the same
    orders meet the same faults. ``remembers``: seconds for which a key is known."""

    seed: int = 0
    chances: dict[str, float] = field(default_factory=dict)
    remembers: float = 86_400.0
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        if unknown := self.chances.keys() - (CARRIED_OUT | NOT_CARRIED_OUT | WEBHOOKS):
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")
        self._dice = random.Random(self.seed)
        self._lock = threading.Lock()

    def fault_for(self, call: str) -> str:
        """What happens to this request; empty: nothing."""
        with self._lock:
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.on, call):
                    fault.times -= 1
                    return fault.does
            return self._thrown(CARRIED_OUT | NOT_CARRIED_OUT) if call.startswith("POST /v1/") else ""

    def fate_of_webhook(self) -> str:
        """What happens to this webhook: ``drop``, ``twice``, ``late`` (so that a younger one may overtake it),
        ``tamper``; empty: nothing."""
        with self._lock:
            return self._thrown(WEBHOOKS)

    def add(self, fault: dict[str, Any]) -> None:
        """One more fault. Raises TypeError, ValueError, re.error."""
        made = Fault(**fault)
        with self._lock:
            self.faults.append(made)

    def clear(self) -> None:
        """No named faults any more."""
        with self._lock:
            self.faults.clear()

    def _thrown(self, among: frozenset[str]) -> str:
        if not self.chances:
            return ""
        number, names = self._dice.random(), sorted(self.chances.keys() & among)
        for name in names:
            if number < self.chances[name]:
                return name
            number -= self.chances[name]
        return ""
