"""``manage.py run`` as a whole: it comes up, survives the death of any part, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from kelmah.embedded import scratch
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import answers, free_port

pytestmark = [pytest.mark.slow, pytest.mark.quiet, pytest.mark.timeout(240)]


@dataclass
class Whole:
    process: subprocess.Popen[bytes]
    port: int
    live_port: int
    log: Path

    def children(self) -> dict[int, str]:
        """Process ids and command lines of what the supervisor started itself."""
        listed = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return {int(line.split()[0]): line for line in listed.stdout.splitlines() if "<defunct>" not in line}

    def child(self, words: str) -> int:
        found = [pid for pid, line in self.children().items() if words in line]
        assert found, f"nothing runs {words}: {self.children()}"
        return found[0]

    def ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=3).status_code == 200
        except httpx.HTTPError:
            return False

    def shows(self, text: str) -> bool:
        return text in self.log.read_text()

    def until(self, condition: Callable[[], bool], what: str, *, within: float = 60) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, f"{what}:\n{self.log.read_text()[-4000:]}"
            time.sleep(0.1)


@dataclass
class Place:
    """A data folder and ports, to start on again and again."""

    home: Path
    port: int = field(default_factory=free_port)
    live_port: int = field(default_factory=free_port)
    started: list[Whole] = field(default_factory=list)

    def start(self) -> Whole:
        env = {name: value for name, value in os.environ.items() if not name.endswith(("DATABASE_URL", "REDIS_URL"))}
        log = self.home / f"log-{len(self.started)}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "manage.py", "run", "--data", str(self.home)),
                    *("--port", str(self.port), "--live-port", str(self.live_port)),
                ],
                cwd=CLONE,
                env=env | {"DJANGO_SETTINGS_MODULE": "config.settings.dev"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        whole = Whole(process, self.port, self.live_port, log)
        self.started.append(whole)
        whole.until(lambda: whole.shows("Kelmah runs") or process.poll() is not None, "it did not start", within=120)
        assert process.poll() is None, log.read_text()[-4000:]
        return whole

    def clear(self) -> None:
        for whole in self.started:
            whole.process.kill()
            whole.process.wait()
        scratch.discard(self.home)


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place(scratch.new_folder("system"))
    yield place
    place.clear()


@pytest.fixture(scope="module")
def running() -> Iterator[Whole]:
    """One system for all who take one part of it away."""
    place = Place(scratch.new_folder("system"))
    yield place.start()
    place.clear()


def test_it_comes_up_twice_and_stops_clean(place: Place) -> None:
    took = []
    for number in (1, 2):
        began = time.monotonic()
        whole = place.start()
        took.append(time.monotonic() - began)
        assert whole.ready()
        assert answers(whole.live_port)
        assert len(whole.children()) >= 7  # five processes and two servers
        whole.process.send_signal(signal.SIGINT)
        assert whole.process.wait(timeout=60) == 0
        assert not answers(whole.port)
        assert not answers(whole.live_port)
        assert whole.shows("databases are up to date") is (number == 2)
    assert took[1] < took[0]  # it has nothing to set up; seconds would depend on what else this machine does


VICTIMS = [
    "granian",
    "uvicorn",
    "events run",
    "celery -A config --quiet worker",
    "celery -A config --quiet beat",
    "bin/postgres",
    "redis-server",
]


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_part_comes_back(running: Whole, victim: str) -> None:
    before = running.child(victim)
    os.kill(before, signal.SIGKILL)
    running.until(lambda: before not in running.children(), "it did not die")
    running.until(lambda: any(victim in line for line in running.children().values()), "it was not started again")
    running.until(lambda: running.ready() and answers(running.live_port), "the system did not recover")
    assert running.child(victim) != before


def test_a_killed_supervisor_takes_everything_with_it(place: Place) -> None:
    whole = place.start()
    children = list(whole.children())
    whole.process.kill()
    whole.process.wait()
    whole.until(lambda: not any(_runs(pid) for pid in children), "something outlived its supervisor", within=40)
    whole.until(lambda: not answers(whole.port) and not answers(whole.live_port), "a port is still held", within=10)
    after = place.start()
    after.until(after.ready, "it does not serve again", within=30)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
