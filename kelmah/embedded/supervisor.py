"""One command's worth of Kelmah: servers, databases, processes; watched while they run, stopped in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from kelmah.embedded.account import server_account
from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.console import Console
from kelmah.embedded.errors import EmbeddedError, explain_os_error
from kelmah.embedded.folders import CLONE, locked, make_folder
from kelmah.embedded.holds import Holds
from kelmah.embedded.keeper import Keeper, StopAsked
from kelmah.embedded.plan import Plan, Step
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.preparation import Preparation
from kelmah.embedded.redis import Redis
from kelmah.embedded.status import Status
from kelmah.embedded.units import ProcessUnit, ServerUnit

_DATABASE = "kelmah"


class Topology(Protocol):
    """Which processes there are."""

    def check(self) -> None: ...

    def plan(self, *, database_url: str, redis_url: str) -> Plan: ...


class Supervisor:
    """``run()`` from the main thread; it returns the exit status."""

    def __init__(self, topology: Topology, *, data: Path, console: Console | None = None, within: float = 90.0) -> None:
        self._topology = topology
        self._data = data
        self._console = console or Console()
        self._keeper = Keeper(console=self._console)
        self._marks = data
        self._healthy_within = within
        self._plan: Plan | None = None

    def run(self) -> int:
        """Serve until Ctrl-C or SIGTERM: 0. When something can't be started or kept alive: one line, and 1."""
        began = time.monotonic()
        self._keeper.listen_to_signals()
        problem = ""
        with ExitStack() as held:
            try:
                self._start(held, began)
                while True:
                    self._keeper.pause()
                    self._holds.obey()
                    self._status.refresh()
            except StopAsked:
                pass
            except EmbeddedError as error:
                problem = str(error)
            except OSError as error:
                problem = str(explain_os_error(error, path=self._data, account=server_account().name))
            finally:
                self._stop()
        if problem:
            self._console.plain(problem)  # last, where the eye is
        return 1 if problem else 0

    def _stop(self) -> None:
        if self._keeper.units:
            self._say("stopping")
            self._keeper.stop(self._plan.stop_order if self._plan else ())
            self._say("stopped")

    def _start(self, held: ExitStack, began: float) -> None:
        self._topology.check()
        make_folder(self._data)
        held.enter_context(locked(self._data / "lock", wait=False))
        plan = self._plan = self._topology.plan(
            database_url=os.environ.get("DATABASE_URL") or self._postgres(),
            redis_url=os.environ.get("REDIS_URL") or self._redis(),
        )
        self._prepare(plan)
        self._status = self._start_processes(plan)
        self._holds = Holds(self._data / "held", plan.members, self._keeper)
        self._announce(plan, time.monotonic() - began)

    def _postgres(self) -> str:
        self._say("starting PostgreSQL")
        server = Postgres(home=self._data / "postgres")
        server.start()
        self._keeper.watch(ServerUnit("postgres", server))
        self._marks = server.home
        return server.url(_DATABASE)

    def _redis(self) -> str:
        self._say("starting Redis")
        server = Redis(home=self._data / "redis")
        server.start()
        self._keeper.watch(ServerUnit("redis", server))
        return server.url

    def _prepare(self, plan: Plan) -> None:
        preparation = Preparation(marks=self._marks, run=self._step)
        if not preparation.databases(plan.setup, always="DATABASE_URL" in os.environ):
            self._say("databases are up to date")
        if plan.demo:
            preparation.demo(plan.demo)

    def _step(self, step: Step) -> None:
        """Run a management command to its end, showing its lines. Raises EmbeddedError when it fails."""
        name = step.command[0]
        self._say(f"{name.replace('_', ' ')} {step.says}".strip())
        child = start_child(
            [sys.executable, "manage.py", *step.command],
            env=step.env,
            cwd=CLONE,
            output=subprocess.PIPE,
            on_parent_death=signal.SIGTERM,
        )
        lines = self._console.follow("setup", child.stdout) if child.stdout else None
        try:
            while child.poll() is None:
                self._keeper.pause()
        finally:
            stop_child(child)
            if lines:
                lines.join(timeout=2)
        if child.returncode:
            raise EmbeddedError(f"`manage.py {name}` failed (exit status {child.returncode}): its lines above say why.")

    def _start_processes(self, plan: Plan) -> Status:
        self._say("starting " + ", ".join(member.process.name for member in plan.members))
        units: list[ProcessUnit] = []
        for group in plan.groups:
            fresh = [ProcessUnit(member.process, env=member.env, console=self._console) for member in group]
            for unit in fresh:
                self._keeper.start(unit)
            self._keeper.wait_until(
                _all_healthy(fresh),
                within=self._healthy_within,
                otherwise=f"Not everything was ready within {self._healthy_within:.0f} s: see the lines above.",
            )
            units += fresh
        return Status(plan.members, units, file=self._data / "status.json")

    def _announce(self, plan: Plan, seconds: float) -> None:
        self._console.plain(f"\nKelmah runs (ready in {seconds:.1f} s). Ctrl-C stops it.")
        for label, value in plan.rows.items():
            self._console.plain(f"  {label:<11} {value}")
        for line in self._status.table():
            self._console.plain(f"  {line}")
        logins = self._data / "demo-logins.txt"
        if logins.is_file():
            self._console.plain("  Demo logins")
            for line in logins.read_text(encoding="utf-8").splitlines():
                self._console.plain(f"    {line}")
        self._console.plain("")

    def _say(self, text: str) -> None:
        self._console.line("kelmah", text, colour="1")


def _all_healthy(units: list[ProcessUnit]) -> Callable[[], bool]:
    waiting = list(units)

    def done() -> bool:
        # Who was healthy once is left in peace; the keeper still sees it die.
        waiting[:] = [unit for unit in waiting if not unit.healthy()]
        return not waiting

    return done
