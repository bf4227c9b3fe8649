"""What the fault tests do to a running split, and how they look into it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from kelmah.embedded.status import descendants
from tests.journeys.system import ROOT, Running


@dataclass
class System:
    """A running split: take processes down and up, stop and kill them, read its databases."""

    running: Running

    @property
    def api(self) -> str:
        return self.running.api

    @property
    def live(self) -> str:
        return self.running.live

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.running.data / "status.json").read_text())
        return found

    def pids(self, *names: str) -> list[int]:
        """Of these processes and all that they started."""
        found = [row["pid"] for row in self.rows() if row["process"] in names and row["pid"]]
        return [one for pid in found for one in (pid, *descendants(pid))]

    def copies(self, domain: str) -> list[str]:
        return [row["process"] for row in self.rows() if row["process"].startswith(f"{domain}-api-")]

    def address(self, process: str) -> str:
        return next(row["address"] for row in self.rows() if row["process"] == process)

    def door(self, caller: str, callee: str) -> int:
        """The port at which a domain finds another."""
        doors: dict[str, int] = json.loads((self.running.data / "doors.json").read_text())
        return doors[f"{caller} {callee}"]

    @contextmanager
    def down(self, name: str) -> Iterator[None]:
        """A domain or process is down for the length of the block; afterwards it runs again."""
        held = self.running.data / "held" / name
        held.touch()
        try:
            self.until(f"{name} is down", lambda: not self._of(name))
            yield
        finally:
            held.unlink()
            self.until(f"{name} runs again", lambda: len(self._of(name)) == len(self._all(name)))
            self.until(f"{name} answers", lambda: all(map(self._answers, self._all(name))))

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """These processes neither work nor end for the length of the block."""
        pids = self.pids(*names)
        _signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(pids, signal.SIGCONT)

    def kill(self, name: str) -> None:
        """At once, with all its children, as when the machine takes them."""
        _signal(self.pids(name), signal.SIGKILL)

    def signal_all(self, pids: Iterable[int], number: signal.Signals = signal.SIGKILL) -> None:
        _signal(pids, number)

    def query(self, domain: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask a domain's own database, as its administrator."""
        with psycopg.connect(self.database(domain)) as connection:
            connection.execute(f"SET search_path = {domain}, extensions")
            return connection.execute(statement, values).fetchall()

    def database(self, domain: str) -> str:
        """The administrator's URL of a domain's database."""
        home = self.running.data / "postgres"
        port = (home / "data" / "postmaster.pid").read_text().splitlines()[3]
        return f"postgresql://kelmah:{(home / 'password').read_text().strip()}@127.0.0.1:{port}/kelmah_{domain}"

    def manage(self, domain: str, *command: str) -> str:
        """What a management command of a domain says. Raises CalledProcessError."""
        secrets = dict(line.split("=", 1) for line in (self.running.data / "secrets.env").read_text().splitlines())
        env = os.environ | secrets | {"LOCAL_DOMAINS": domain, "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
        env |= {f"{domain.upper()}_DATABASE_URL": self.database(domain), "REDIS_URL": "redis://127.0.0.1:1/0"}
        run = [sys.executable, "manage.py", *command]
        return subprocess.run(run, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout

    def quiet(self, domains: Iterable[str]) -> bool:
        """Whether no event waits anywhere."""
        waiting = (
            "SELECT (SELECT count(*) FROM {d}_outbox) + (SELECT count(*) FROM {d}_inbox WHERE completed_at IS NULL)"
        )
        return all(self.query(domain, waiting.format(d=domain)) == [(0,)] for domain in domains)

    def until(self, what: str, probe: Callable[[], bool], *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not probe():
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s\n{self._tail()}"
            time.sleep(0.1)

    # Private functions

    def _all(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self.rows() if name in (row["process"], row["domain"])]

    def _of(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self._all(name) if row["pid"]]

    def _answers(self, row: dict[str, Any]) -> bool:
        if not row["address"].startswith("http"):
            return True
        try:
            return httpx.get(f"{row['address']}/health/ready", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def _tail(self) -> str:
        return "\n".join(Path(self.running.log).read_text().splitlines()[-40:])


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
