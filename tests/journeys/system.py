"""A whole system, started for the tests and stopped as by Ctrl-C."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kelmah.embedded.child import start_child
from kelmah.embedded.ports import roomy_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Running:
    """Where the system answers, the file that moves its clock, the folder of its data, and what it says."""

    api: str
    live: str
    clock_file: Path
    data: Path
    log: Path
    again: Callable[[dict[str, str]], None] = field(repr=False)

    def restart(self, **environment: str) -> None:
        """Ctrl-C, and the same command on the same data with this besides; back when it runs."""
        self.again(environment)

    @property
    def mailbox(self) -> Path:
        """The folder of its letters."""
        return self.data / "mailbox"


@contextmanager
def started(topology: str, *options: str, **environment: str) -> Iterator[Running]:
    """A whole system while the block runs: ``local``, ``loopback`` or ``split``."""
    folder = Path(tempfile.mkdtemp(prefix="kelmah-running-"))
    folder.chmod(0o755)  # as root, the servers' user must be able to pass
    data, clock_file = folder / "data", folder / "clock"
    port = roomy_port()
    live_port = port + 1
    if topology == "split":
        command, live_port = ("split", "--port", str(port), *options), port
    else:
        command = ("run", "--port", str(port), "--live-port", str(live_port), *options)
        # Not the usual one: another system that starts right now would want it, too.
        environment = {"SANDBOX_GATEWAY_URL": f"http://127.0.0.1:{port + 2}"} | environment
    foreign = ("KELMAH_TEST", "KELMAH_EXTRA", "DATABASE", "REDIS")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    more = {"KELMAH_CLOCK_FILE": str(clock_file), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    more |= {"RPC_TRANSPORT": "loopback"} if topology == "loopback" else {"RPC_TRANSPORT": "local"}
    log = folder / "log"
    everything = inherited | more | environment
    arguments = [sys.executable, "manage.py", *command, "--data", str(data)]

    def start(besides: dict[str, str]) -> subprocess.Popen:
        said = log.open("a+")
        return start_child(arguments, env=everything | besides, cwd=ROOT, output=said, on_parent_death=signal.SIGINT)

    def again(besides: dict[str, str]) -> None:
        nonlocal process
        code = _ended(process)
        assert code == 0, f"stopping took too long or failed ({code}):\n{log.read_text()[-3000:]}"
        log.unlink()
        process = start(besides)
        _wait_until_ready(process, log)

    process = start({})
    try:
        _wait_until_ready(process, log)
        yield Running(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{live_port}", clock_file, data, log, again)
    finally:
        code = _ended(process)
        written = log.read_text()
        shutil.rmtree(folder, ignore_errors=True)
    assert code == 0, f"stopping took too long or failed ({code}):\n{written[-3000:]}"


def _ended(process: subprocess.Popen) -> int:
    """As by Ctrl-C; its exit status, -9 when it had to be killed."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=90)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return -9


def _wait_until_ready(process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if "Kelmah runs" in log.read_text():
            return
        time.sleep(0.1)
    raise AssertionError(f"the system did not start:\n{log.read_text()[-5000:]}")
