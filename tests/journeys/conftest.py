"""A whole running system, as ``make run`` starts it, for the journeys."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.test import Client

from kelmah.embedded.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Running:
    """Where the system answers, the file that moves its clock, and the folder of its data."""

    api: str
    live: str
    clock_file: Path
    data: Path
    environment: dict[str, str]

    def manage(self, *command: str) -> str:
        """What a management command says on this system's data. Raises CalledProcessError."""
        run = [sys.executable, "manage.py", *command]
        return subprocess.run(run, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def desk() -> Client:
    """Somebody of staff, logged in at the desk; for tests marked with identity."""
    from domains.identity.actions import create_staff

    client = Client()
    client.force_login(
        create_staff(email="desk@example.com", password="eleven purple giraffes sing", display_name="Desk")
    )
    return client


@pytest.fixture(scope="session", params=["local", pytest.param("loopback", marks=pytest.mark.slow)])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    """``manage.py run`` with servers, ports and data of its own; stopped as by Ctrl-C, which must succeed.

    Once with calls between domains made directly, and once with every call going over the wire.
    """
    folder = Path(tempfile.mkdtemp(prefix="kelmah-running-"))
    folder.chmod(0o755)  # as root, the servers' user must be able to pass
    data, clock_file = folder / "data", folder / "clock"
    port, live_port = free_port(), free_port()
    foreign = ("KELMAH_TEST", "KELMAH_EXTRA", "DATABASE", "REDIS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {
        "KELMAH_CLOCK_FILE": str(clock_file),
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "RPC_TRANSPORT": request.param,
    }
    log = (folder / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run", "--port", str(port), "--live-port", str(live_port), "--data", str(data)],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    api = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(api, live_port, process, Path(log.name))
        yield Running(api, f"ws://127.0.0.1:{live_port}", clock_file, data, environment)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code = -9
        written = Path(log.name).read_text()
        shutil.rmtree(folder, ignore_errors=True)
    assert code == 0, f"stopping took too long or failed ({code}):\n{written[-3000:]}"


def _wait_until_ready(api: str, live_port: int, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{api}/health/ready", timeout=2).status_code == 200:
                socket.create_connection(("127.0.0.1", live_port), timeout=2).close()
                return
        except (httpx.HTTPError, OSError):
            pass
        time.sleep(0.1)
    pytest.fail(f"the system did not start:\n{log.read_text()[-5000:]}")
