"""What the supervisor keeps alive: a process of the table, or an embedded server."""

import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from typing import Protocol
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from kelmah.embedded.child import kill_group, start_child, wait_for
from kelmah.embedded.console import Console
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import answers
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.processes import Process
from kelmah.embedded.redis import Redis


class Unit(Protocol):
    """Something with a name that runs, may die, and can be started again."""

    name: str

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def alive(self) -> bool: ...

    def last_words(self) -> str: ...


class ProcessUnit:
    """A process whose lines go to the console."""

    def __init__(self, process: Process, *, env: Mapping[str, str], console: Console) -> None:
        self.name = process.name
        self.process = process
        self._env = env
        self._console = console
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = False

    def start(self) -> None:
        child = start_child(
            self.process.command,
            env=self._env,
            cwd=CLONE,
            output=subprocess.PIPE,
            on_parent_death=signal.SIGTERM,
        )
        if child.stdout:
            self._console.follow(self.name, child.stdout, colour=self.process.colour)
        self._child, self._asked = child, False

    def ask_to_end(self) -> None:
        """Without waiting, so that several end at the same time; ``stop`` must follow."""
        # Once: a second SIGTERM means "drop what you are doing" to Celery.
        if self._child and not self._asked and self._child.poll() is None:
            self._asked = True
            self._child.terminate()

    def kill(self) -> None:
        if self._child and self._child.poll() is None:
            kill_group(self._child)

    def stop(self) -> None:
        self.ask_to_end()
        child, self._child = self._child, None
        if child and not wait_for(child, grace=self.process.grace):
            self._console.line(self.name, f"did not end within {self.process.grace:.0f} s and was killed")

    def alive(self) -> bool:
        if self._child is None or self._child.poll() is None:
            return self._child is not None
        kill_group(self._child)  # its own children would go on holding the port
        return False

    def healthy(self) -> bool:
        if not self.alive():
            return False
        where = urlsplit(self.process.health)
        if where.scheme == "tcp":
            return answers(where.port or 0)
        if where.scheme == "http":
            return _answers_ok(self.process.health)
        return True

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def last_words(self) -> str:
        status = self._child.returncode if self._child else None
        return f"killed by signal {-status}" if status is not None and status < 0 else f"exit status {status}"


class ServerUnit:
    """An embedded server: restarted on the port it had, since everybody knows it by that."""

    def __init__(self, name: str, server: Postgres | Redis) -> None:
        self.name = name
        self._server = server

    def start(self) -> None:
        self._server.restart()

    def stop(self) -> None:
        self._server.stop()

    def alive(self) -> bool:
        return self._server.running

    def last_words(self) -> str:
        return f"its log is {self._server.log}"


class RestartBudget:
    """How often a unit may be started again: ``limit`` times within ``window`` seconds, each time a little later."""

    def __init__(self, *, limit: int = 3, window: float = 60.0, pause: float = 0.5) -> None:
        self._limit, self._window, self._pause = limit, window, pause
        self._spent: deque[float] = deque()

    def next_pause(self) -> float | None:
        """Seconds to wait before the next start, or None when the budget is spent."""
        now = time.monotonic()
        while self._spent and now - self._spent[0] > self._window:
            self._spent.popleft()
        if len(self._spent) >= self._limit:
            return None
        self._spent.append(now)
        return float(self._pause * 2 ** (len(self._spent) - 1))


def _answers_ok(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of our own table
            return bool(answer.status == 200)
    except (URLError, OSError, ValueError):
        return False
