"""Keeping units alive: start them, notice a death, start again within reason, stop in order."""

import signal
import time
from collections.abc import Callable, Collection, Sequence
from types import FrameType

from kelmah.embedded.console import Console
from kelmah.embedded.errors import EmbeddedError
from kelmah.embedded.units import ProcessUnit, RestartBudget, Unit

_TICK = 0.05


class StopAsked(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM. Not an error."""


class Keeper:
    """Used from the main thread only. ``budget`` makes the restart allowance of each unit."""

    def __init__(self, *, console: Console, budget: Callable[[], RestartBudget] = RestartBudget) -> None:
        self._console = console
        self._new_budget = budget
        self.units: list[Unit] = []
        self._budgets: dict[str, RestartBudget] = {}
        self._start_at: dict[str, float] = {}
        self._down: set[str] = set()
        self._signals = 0

    def listen_to_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def start(self, unit: Unit) -> None:
        """Start it and watch it from now on. Raises EmbeddedError."""
        unit.start()
        self.watch(unit)

    def watch(self, unit: Unit) -> None:
        self.units.append(unit)
        self._budgets[unit.name] = self._new_budget()

    def pause(self) -> None:
        """A moment, after which everything that should run was looked at.

        Raises StopAsked, and EmbeddedError when a unit can't be kept alive.
        """
        if self._signals:
            raise StopAsked
        for unit in self.units:
            if unit.name in self._down:
                continue
            if unit.name in self._start_at:
                self._start_when_due(unit)
            elif not unit.alive():
                self._plan_restart(unit)
        time.sleep(_TICK)

    def wait_until(self, done: Callable[[], bool], *, within: float, otherwise: str) -> None:
        """Pause until ``done()``. Raises EmbeddedError with the line ``otherwise`` after ``within`` seconds."""
        deadline = time.monotonic() + within
        while not done():
            if time.monotonic() > deadline:
                raise EmbeddedError(otherwise)
            self.pause()

    def take_down(self, names: Collection[str]) -> None:
        """Stop these processes and leave them so."""
        leaving = [unit for unit in self.units if unit.name in names and isinstance(unit, ProcessUnit)]
        self._down |= {unit.name for unit in leaving}
        for unit in leaving:
            unit.ask_to_end()
        for unit in leaving:
            unit.stop()
            self._console.line(unit.name, "is kept down")

    def let_up(self, names: Collection[str]) -> None:
        """Start them again."""
        for name in self._down & set(names):
            self._down.discard(name)
            self._start_at[name] = time.monotonic()

    def stop(self, order: Sequence[Sequence[str]]) -> None:
        """End the named units group after group, then the others, the last started first."""
        named = {unit.name: unit for unit in self.units}
        for group in order:
            leaving = [named.pop(name) for name in group if name in named]
            for unit in leaving:
                if isinstance(unit, ProcessUnit):
                    unit.ask_to_end()
            for unit in leaving:
                unit.stop()
        for unit in reversed(list(named.values())):
            unit.stop()
        self.units.clear()

    def _plan_restart(self, unit: Unit) -> None:
        pause = self._budgets[unit.name].next_pause()
        if pause is None:
            raise EmbeddedError(
                f"{unit.name} ended again and again ({unit.last_words()}), so everything stops: see its lines above."
            )
        self._console.line(unit.name, f"ended ({unit.last_words()}), starts again in {pause:g} s")
        self._start_at[unit.name] = time.monotonic() + pause

    def _start_when_due(self, unit: Unit) -> None:
        if time.monotonic() < self._start_at[unit.name]:
            return
        del self._start_at[unit.name]
        try:
            unit.start()
        except EmbeddedError as error:
            self._console.line(unit.name, str(error))  # still not alive: the next look spends more of its budget

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:  # asked twice: no more grace
            for unit in self.units:
                if isinstance(unit, ProcessUnit):
                    unit.kill()
