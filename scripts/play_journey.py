"""Start `manage.py run` on a data folder of its own, play the first paid job against it, stop it: all must end well."""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

CLONE = Path(__file__).resolve().parents[1]
STORY = "tests/journeys/first_paid_job.py"


def main() -> None:
    port, live_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="kelmah-journey-") as data:
        Path(data).chmod(0o711)  # as root, the servers run as another user, who must get through
        command = [
            sys.executable,
            "manage.py",
            "run",
            "--data",
            data,
            "--port",
            str(port),
            "--live-port",
            str(live_port),
        ]
        server = subprocess.Popen(command, cwd=CLONE)
        try:
            wait_until_ready(server, port)
            story = [sys.executable, STORY, f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{live_port}"]
            status = subprocess.run(story, cwd=CLONE, check=False).returncode
        finally:
            server.send_signal(signal.SIGTERM)
            stopped = server.wait(timeout=90)
    if status or stopped:
        raise SystemExit(f"The story ended with status {status}, the server with {stopped}.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SystemExit(f"The server ended with status {server.returncode} before it was ready.")
        try:
            with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("The server was not ready within 3 minutes.")


if __name__ == "__main__":
    main()
