"""One command's worth of Kelmah: servers, databases, the five processes; watched while they run, stopped in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from kelmah.embedded.account import server_account
from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.console import Console
from kelmah.embedded.environment import Environments, environments
from kelmah.embedded.errors import EmbeddedError, explain_os_error
from kelmah.embedded.folders import CLONE, locked, make_folder
from kelmah.embedded.keeper import Keeper, StopAsked
from kelmah.embedded.ports import HOST, check_free
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.preparation import Preparation
from kelmah.embedded.processes import STOP_ORDER, process_table
from kelmah.embedded.redis import Redis
from kelmah.embedded.units import ProcessUnit, ServerUnit

_HEALTHY_WITHIN = 90.0
_DATABASE = "kelmah"


@dataclass(frozen=True)
class Options:
    """``demo_command``: the management command that loads demo data, or "" for none. ``commands``: all there are."""

    data: Path
    port: int = 8000
    live_port: int = 8001
    demo_command: str = ""
    commands: frozenset[str] = frozenset()


class Supervisor:
    """``run()`` from the main thread; it returns the exit status."""

    def __init__(self, options: Options, *, console: Console | None = None) -> None:
        self._options = options
        self._console = console or Console()
        self._keeper = Keeper(console=self._console)
        self._marks = options.data

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
            except StopAsked:
                pass
            except EmbeddedError as error:
                problem = str(error)
            except OSError as error:
                problem = str(explain_os_error(error, path=self._options.data, account=server_account().name))
            finally:
                self._stop()
        if problem:
            self._console.plain(problem)  # last, where the eye is
        return 1 if problem else 0

    def _stop(self) -> None:
        if self._keeper.units:
            self._say("stopping")
            self._keeper.stop(STOP_ORDER)
            self._say("stopped")

    def _start(self, held: ExitStack, began: float) -> None:
        options = self._options
        check_free(options.port, purpose="REST API", option="--port (make run PORT=…)")
        check_free(options.live_port, purpose="WebSockets", option="--live-port (make run LIVE_PORT=…)")
        make_folder(options.data)
        held.enter_context(locked(options.data / "lock", wait=False))
        found = environments(
            data=options.data,
            database_url=os.environ.get("DATABASE_URL") or self._postgres(),
            redis_url=os.environ.get("REDIS_URL") or self._redis(),
            port=options.port,
            live_port=options.live_port,
        )
        for folder in ("files", "mailbox", "static"):
            make_folder(options.data / folder)
        self._prepare(found)
        self._start_processes(found)
        self._announce(time.monotonic() - began)

    def _postgres(self) -> str:
        self._say("starting PostgreSQL")
        server = Postgres(home=self._options.data / "postgres")
        server.start()
        self._keeper.watch(ServerUnit("postgres", server))
        self._marks = server.home
        return server.url(_DATABASE)

    def _redis(self) -> str:
        self._say("starting Redis")
        server = Redis(home=self._options.data / "redis")
        server.start()
        self._keeper.watch(ServerUnit("redis", server))
        return server.url

    def _prepare(self, found: Environments) -> None:
        preparation = Preparation(marks=self._marks, env=found.setup, run=lambda command: self._step(command, found))
        if not preparation.databases(always="DATABASE_URL" in os.environ):
            self._say("databases are up to date")
        if self._options.demo_command:
            preparation.demo(self._options.demo_command)

    def _step(self, command: list[str], found: Environments) -> None:
        """Run a management command to its end, showing its lines. Raises EmbeddedError when it fails."""
        name = command[0]
        self._say(name.replace("_", " "))
        # Demo data goes in by the run-time roles, like everything after the migrations.
        env = found.processes if name == self._options.demo_command else found.setup
        child = start_child(
            [sys.executable, "manage.py", *command],
            env=env,
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

    def _start_processes(self, found: Environments) -> None:
        options = self._options
        table = process_table(
            port=options.port, live_port=options.live_port, data=options.data, commands=options.commands
        )
        self._say("starting " + ", ".join(process.name for process in table))
        units = [ProcessUnit(process, env=found.processes, console=self._console) for process in table]
        # The API alone first: five processes importing at once on two cores would make its first answer wait for all.
        for group in (units[:1], units[1:]):
            for unit in group:
                self._keeper.start(unit)
            self._keeper.wait_until(
                _all_healthy(group),
                within=_HEALTHY_WITHIN,
                otherwise=f"Not everything was ready within {_HEALTHY_WITHIN:.0f} s: see the lines above.",
            )

    def _announce(self, seconds: float) -> None:
        options = self._options
        rows = {
            "API": f"http://{HOST}:{options.port}/api/v1/",
            "API docs": f"http://{HOST}:{options.port}/api/docs",
            "Staff desk": f"http://{HOST}:{options.port}/admin/",
            "WebSocket": f"ws://{HOST}:{options.live_port}/ws",
            "Data": str(options.data),
        }
        self._console.plain(f"\nKelmah runs (ready in {seconds:.1f} s). Ctrl-C stops it.")
        for label, value in rows.items():
            self._console.plain(f"  {label:<11} {value}")
        logins = options.data / "demo-logins.txt"
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
