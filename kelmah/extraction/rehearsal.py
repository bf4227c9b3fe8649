"""The rehearsal: one domain leaves a running Kelmah with its data, works from outside, and comes home."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from kelmah.domain import local_domains
from kelmah.embedded.folders import CLONE, make_folder
from kelmah.embedded.groups import Group, database_of, groups_of
from kelmah.embedded.ports import HOST
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.split import free_ports
from kelmah.embedded.split_environment import SplitEnvironments
from kelmah.extraction.move import Contents, move
from kelmah.extraction.price import Prices, prices
from kelmah.extraction.system import RehearsalFailed, play_journey, running
from kelmah.extraction.walls import reads_only_its_own

JOURNEYS = 3  # in each topology
Tell = Callable[[str], None]


@dataclass
class Outcome:
    """What was seen; seconds of each phase and of each journey, in order."""

    moved: Contents | None = None
    returned: Contents | None = None
    together: list[float] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)
    home: list[float] = field(default_factory=list)
    local: Prices = field(default_factory=dict)
    remote: Prices = field(default_factory=dict)
    proofs: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Rehearsal:
    """``folder`` is empty and thrown away by whoever gave it. ``play()`` raises RehearsalFailed, or NotTheSame."""

    def __init__(self, domain: str, *, folder: Path, port: int, tell: Tell) -> None:
        self.domain, self.folder, self.port = domain, folder, port
        self._data = make_folder(folder / "data")
        self._tell = tell
        self._outcome = Outcome()

    def play(self) -> Outcome:
        """Every phase in turn."""
        phases: Sequence[tuple[str, Callable[[], None]]] = (
            ("the journey, everything together", self._together),
            ("the data moves out", self._move_out),
            (f"the journey, {self.domain} alone", self._apart),
            ("the data moves home", self._move_home),
            ("the journey, everything together again", self._home),
        )
        for number, (name, phase) in enumerate(phases, start=1):
            self._tell(f"[{number}/{len(phases)}] {name}")
            began = time.monotonic()
            phase()
            self._outcome.seconds[name] = time.monotonic() - began
        return self._outcome

    # Private functions

    def _together(self) -> None:
        journal = make_folder(self.folder / "calls-together")
        self._outcome.together = self._run(journal, times=JOURNEYS)
        self._outcome.local = self._of_domain(prices(journal, transport="local"))

    def _move_out(self) -> None:
        with self._postgres() as url:
            here, there = database_of("", url), database_of(self.domain, url)
            others = [config.domain for config in local_domains() if config.domain != self.domain]
            reads_only_its_own(self.domain, url=here, others=others)
            self._manage(self._environments(there).setup(self._group), "prepare_databases")
            self._outcome.moved = move(self.domain, source=here, target=there, scratch=self.folder)
            self._prove(there, "after the move")

    def _apart(self) -> None:
        journal = make_folder(self.folder / "calls-apart")
        with running(
            *("split", "--apart", self.domain, "--copies", "1"), data=self._data, port=self.port, journal=journal
        ):
            self._outcome.apart = [self._journey(live_port=self.port) for _ in range(JOURNEYS)]
        self._outcome.remote = self._of_domain(prices(journal, transport="remote"))

    def _move_home(self) -> None:
        with self._postgres() as url:
            here, there = database_of("", url), database_of(self.domain, url)
            self._outcome.returned = move(self.domain, source=there, target=here, scratch=self.folder)
            self._prove(here, "at home again")

    def _home(self) -> None:
        self._outcome.home = self._run(make_folder(self.folder / "calls-home"), times=1)

    def _run(self, journal: Path, *, times: int) -> list[float]:
        live_port = next(free_ports(self.port + 1))
        with running("run", "--live-port", str(live_port), data=self._data, port=self.port, journal=journal):
            return [self._journey(live_port=live_port) for _ in range(times)]

    def _journey(self, *, live_port: int) -> float:
        return play_journey(port=self.port, live_port=live_port, mailbox=self._data / "mailbox")

    @cached_property
    def _group(self) -> Group:
        return next(group for group in groups_of(local_domains(), apart=[self.domain]) if group.name == self.domain)

    @contextmanager
    def _postgres(self) -> Iterator[str]:
        """The server alone, between two systems; the administrator's URL."""
        server = Postgres(home=self._data / "postgres")
        try:
            yield server.start()
        finally:
            server.stop()

    def _environments(self, database: str) -> SplitEnvironments:
        return SplitEnvironments(
            data=self._data,
            databases={self.domain: database},
            redis_url=os.environ.get("REDIS_URL", ""),
            gateway=f"{HOST}:{self.port}",
            doors={},
            sandbox_port=self.port,
        )

    def _prove(self, database: str, when: str) -> None:
        """The domain's own proof that its data is in order, by its run-time role."""
        if proof := self._group.configs[0].proof:
            said = self._manage(self._environments(database).of(self._group), *proof)
            self._outcome.proofs.append(f"`{' '.join(proof)}` {when}: {said.count('ok ')} ok")

    def _manage(self, env: dict[str, str], *command: str) -> str:
        run = [sys.executable, "manage.py", *command]
        ended = subprocess.run(run, cwd=CLONE, env=env, capture_output=True, text=True, check=False)  # noqa: S603
        if ended.returncode:
            raise RehearsalFailed(f"`manage.py {' '.join(command)}` failed:\n{(ended.stdout + ended.stderr)[-2000:]}")
        return ended.stdout

    def _of_domain(self, found: Prices) -> Prices:
        """Calls that the domain makes or answers: those that change when it leaves."""
        return {
            (caller, method): price
            for (caller, method), price in found.items()
            if self.domain in (caller, method.partition(".")[0]) and caller != method.partition(".")[0]
        }
