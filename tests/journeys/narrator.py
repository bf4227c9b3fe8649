"""Tells a journey as a readable story, and stops it at the first thing that is not as promised."""

import sys
import time
from collections.abc import Callable
from typing import Any

COLOURS = {"chapter": "1;36", "good": "32", "bad": "33", "money": "35"}


class BrokenPromise(AssertionError):
    """The system did not do what it says."""


class Narrator:
    """Prints chapters and steps; ``quiet`` for test runs."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.steps = 0

    def chapter(self, title: str) -> None:
        self._say(f"\n{title}", "chapter")

    def did(self, who: str, what: str, status: int) -> None:
        self.steps += 1
        self._say(f"  {who:<12} {what:<72} {status}", "good")

    def was_refused(self, who: str, what: str, status: int, code: str) -> None:
        self.steps += 1
        self._say(f"  {who:<12} {what:<72} {status} {code}", "bad")

    def heard(self, who: str, what: str) -> None:
        self.steps += 1
        self._say(f"  {who:<12} {what}", "good")

    def books(self, line: str) -> None:
        self._say(f"  {'ledger':<12} {line}", "money")

    def note(self, line: str) -> None:
        self._say(f"  {'':<12} {line}", "bad")

    def _say(self, line: str, kind: str) -> None:
        if self.quiet:
            return
        if sys.stdout.isatty():
            line = f"\033[{COLOURS[kind]}m{line}\033[0m"
        print(line, flush=True)


def expect(condition: bool, promise: str, seen: Any = "") -> None:
    """Stop the journey unless the promise holds."""
    if not condition:
        raise BrokenPromise(f"{promise}; seen: {seen}")


def eventually(what: str, probe: Callable[[], Any], *, seconds: float = 15) -> Any:
    """The first true answer of ``probe``: for what follows by event. Raises BrokenPromise after ``seconds``."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise BrokenPromise(f"{what}: not within {seconds} seconds")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)
