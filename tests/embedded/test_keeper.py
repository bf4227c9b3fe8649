"""The supervisor's promises about processes, with real small processes."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kelmah.embedded.console import Console
from kelmah.embedded.errors import EmbeddedError
from kelmah.embedded.folders import CLONE
from kelmah.embedded.keeper import Keeper, StopAsked
from kelmah.embedded.processes import STOP_ORDER, Process, process_table
from kelmah.embedded.units import ProcessUnit, RestartBudget

OBEDIENT = "import signal, sys, time; signal.signal(15, lambda *_: (print('bye', flush=True), sys.exit(0))); "
SLEEP = "print('up', flush=True); time.sleep(60)"


class Stage:
    """A keeper whose console can be read."""

    def __init__(self) -> None:
        self.output = io.StringIO()
        self.console = Console(self.output)
        self.keeper = Keeper(console=self.console, budget=lambda: RestartBudget(pause=0.05))

    def unit(self, name: str, code: str, *, grace: float = 5.0) -> ProcessUnit:
        process = Process(name=name, command=(sys.executable, "-c", code), colour="32", grace=grace)
        return ProcessUnit(process, env=os.environ, console=self.console)

    def shows(self, text: str) -> bool:
        return text in self.output.getvalue()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.keeper.stop(())


def test_lines_carry_the_name_of_their_process(stage: Stage) -> None:
    stage.keeper.start(stage.unit("api", "print('one'); print('two', flush=True); import time; time.sleep(60)"))
    stage.keeper.wait_until(lambda: stage.shows("two"), within=10, otherwise="no lines came")
    assert stage.output.getvalue().splitlines()[:2] == ["api      | one", "api      | two"]


def test_a_process_that_dies_is_started_again(stage: Stage, tmp_path: Path) -> None:
    marker = tmp_path / "was-here"
    code = (
        "import pathlib, time\n"
        f"marker = pathlib.Path({str(marker)!r})\n"
        "if not marker.exists():\n    marker.touch()\n    raise SystemExit(7)\n"
        "print('second life', flush=True)\ntime.sleep(60)\n"
    )
    stage.keeper.start(stage.unit("relay", code))
    stage.keeper.wait_until(lambda: stage.shows("second life"), within=10, otherwise="it was not restarted")
    assert stage.shows("relay    | ended (exit status 7), starts again in 0.05 s")


def test_the_fourth_death_within_a_minute_stops_everything_with_a_line(stage: Stage) -> None:
    stage.keeper.start(stage.unit("beat", "raise SystemExit(3)"))
    with pytest.raises(EmbeddedError, match=r"beat ended again and again \(exit status 3\)"):
        stage.keeper.wait_until(lambda: False, within=20, otherwise="it was restarted for ever")
    assert stage.output.getvalue().count("starts again") == 3


def test_a_budget_recovers_with_time() -> None:
    budget = RestartBudget(limit=2, window=0.2, pause=1.0)
    assert [budget.next_pause() for _ in range(3)] == [1.0, 2.0, None]
    time.sleep(0.25)
    assert budget.next_pause() == 1.0


def test_processes_stop_in_order_and_say_goodbye(stage: Stage) -> None:
    for name in ("relay", "beat", "worker", "live", "api"):
        stage.keeper.start(stage.unit(name, OBEDIENT + SLEEP))
    stage.keeper.wait_until(lambda: stage.output.getvalue().count("| up") == 5, within=15, otherwise="not all came up")
    stage.keeper.stop(STOP_ORDER)
    # The last lines travel through a pipe.
    stage.keeper.wait_until(lambda: stage.output.getvalue().count("| bye") == 5, within=10, otherwise="lines are lost")
    order = [line.split("|")[0].strip() for line in stage.output.getvalue().splitlines() if "| bye" in line]
    assert sorted(order[:2]) == ["api", "live"]
    assert order[2:] == ["worker", "beat", "relay"]


def test_who_does_not_go_is_killed_with_all_its_children(stage: Stage) -> None:
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(15, signal.SIG_IGN); "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print('child', child.pid, flush=True); time.sleep(60)"
    )
    stage.keeper.start(stage.unit("worker", stubborn, grace=0.3))
    stage.keeper.wait_until(lambda: stage.shows("child"), within=10, otherwise="it did not start")
    grandchild = int(stage.output.getvalue().split("child")[1].split()[0])
    stage.keeper.stop(STOP_ORDER)
    assert stage.shows("did not end within 0 s and was killed")
    stage.keeper.wait_until(lambda: not runs(grandchild), within=5, otherwise="a child outlived its parent")


def test_ctrl_c_asks_the_keeper_to_stop(stage: Stage) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    stage.keeper.listen_to_signals()
    try:
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(StopAsked):
            stage.keeper.wait_until(lambda: False, within=5, otherwise="the signal was lost")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_children_die_with_a_killed_supervisor() -> None:
    code = (
        "import os, sys, time\n"
        "from kelmah.embedded.console import Console\n"
        "from kelmah.embedded.processes import Process\n"
        "from kelmah.embedded.units import ProcessUnit\n"
        "command = (sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); time.sleep(60)')\n"
        "ProcessUnit(Process(name='api', command=command, colour=''), env=os.environ, console=Console()).start()\n"
        "time.sleep(60)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=CLONE)
    assert supervisor.stdout
    child = int(supervisor.stdout.readline().split("|")[1])
    supervisor.kill()
    supervisor.wait()
    deadline = time.monotonic() + 5
    while runs(child):
        assert time.monotonic() < deadline, "the child outlived its supervisor"
        time.sleep(0.02)


def test_waiting_has_an_end_and_a_line(stage: Stage) -> None:
    with pytest.raises(EmbeddedError, match="the api did not get ready"):
        stage.keeper.wait_until(lambda: False, within=0.1, otherwise="the api did not get ready")


@pytest.mark.parametrize(("commands", "extra"), [(set(), []), ({"sandbox_gateway"}, ["sandbox"])])
def test_the_table_has_what_this_deployment_can_run(tmp_path: Path, commands: set[str], extra: list[str]) -> None:
    table = process_table(port=8000, live_port=8001, data=tmp_path, commands=commands)
    names = [process.name for process in table]
    assert sorted(names) == sorted(["api", "live", "relay", "worker", "beat", *extra])
    assert set(names) <= {name for group in STOP_ORDER for name in group}


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
