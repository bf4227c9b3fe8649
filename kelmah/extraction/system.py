"""A whole Kelmah in a process of its own, for the length of a block, and the story played against it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kelmah.embedded.child import start_child, wait_for
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import HOST

READY = "Kelmah runs"
_STARTED_WITHIN = 240.0  # seconds
_JOURNEY = ("-m", "tests.journeys.first_paid_job", "--quiet")


class RehearsalFailed(Exception):
    """Something did not go as in the plan; the last lines of whoever failed are in the text."""


@contextmanager
def running(*command: str, data: Path, port: int, journal: Path) -> Iterator[None]:
    """``manage.py run`` or ``split`` with this data. Raises RehearsalFailed when it can't start or stop."""
    log = data.parent / f"{command[0]}.log"
    with log.open("wb") as output:
        child = start_child(
            (sys.executable, "manage.py", *command, "--data", str(data), "--port", str(port)),
            # One address plays everybody's part.
            env=os.environ
            | {"RPC_JOURNAL": str(journal), "RATE_LIMITS": "auth=1000/m,write=10000/m,letters_from=1000/m"},
            cwd=CLONE,
            output=output,
            on_parent_death=signal.SIGTERM,
        )
    try:
        _wait(child, log)
        yield
    finally:
        child.send_signal(signal.SIGINT)
        ended = wait_for(child, grace=90.0)
    if not ended or child.returncode:
        raise RehearsalFailed(f"`manage.py {command[0]}` did not stop well:\n{_tail(log)}")


def play_journey(*, port: int, live_port: int, mailbox: Path) -> float:
    """The first paid job, over HTTP and WebSocket; returns how many seconds it took. Raises RehearsalFailed."""
    where = ("--api", f"http://{HOST}:{port}", "--live", f"ws://{HOST}:{live_port}", "--mailbox", str(mailbox))
    began = time.monotonic()
    played = subprocess.run(  # noqa: S603 - our own story
        [sys.executable, *_JOURNEY, *where], cwd=CLONE, capture_output=True, text=True, check=False
    )
    if played.returncode:
        raise RehearsalFailed(f"The journey failed:\n{(played.stdout + played.stderr)[-2000:]}")
    return time.monotonic() - began


def _wait(child: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _STARTED_WITHIN
    while READY not in log.read_text(errors="replace"):
        if child.poll() is not None or time.monotonic() > until:
            raise RehearsalFailed(f"It did not start:\n{_tail(log)}")
        time.sleep(0.1)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])
