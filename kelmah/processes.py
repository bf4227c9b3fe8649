"""The command of each kind of process, the same on this machine, in a container and under a scheduler."""

import sys
from pathlib import Path

PYTHON = sys.executable

Command = tuple[str, ...]


def api(*, host: str, port: int, workers: int = 2, threads: int = 4, python: str = PYTHON) -> Command:
    """REST, staff's desk, calls and events of other domains; each of the ``workers`` serves ``threads`` at once."""
    return (
        *(python, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"),
        *("--host", host, "--port", str(port), "--no-ws"),
        *("--workers", str(workers), "--blocking-threads", str(threads), "--respawn-failed-workers"),
        *("--workers-kill-timeout", "8", "--log-level", "warning"),
    )


def live(*, host: str, port: int, python: str = PYTHON) -> Command:
    """WebSockets."""
    return (
        *(python, "-m", "uvicorn", "config.asgi:application", "--host", host, "--port", str(port)),
        # Deflate costs 10 kB and more per idle socket; short messages hardly shrink.
        *("--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--ws-max-size", "65536"),
        *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5"),
    )


def relay(*, heartbeat: Path | None = None, python: str = PYTHON) -> Command:
    """Events and their handlers. The age of the file ``heartbeat`` tells whether it works."""
    command = (python, "manage.py", "events", "run")
    return (*command, "--heartbeat", str(heartbeat)) if heartbeat else command


def worker(*, concurrency: int = 2, python: str = PYTHON) -> Command:
    """Celery tasks of the local domains. With REMAP_SIGTERM=SIGQUIT unfinished ones go back: see config.celery."""
    return (
        *(python, "-m", "celery", "-A", "config", "--quiet", "worker", "--concurrency", str(concurrency)),
        *("--loglevel", "warning", "--without-gossip", "--without-mingle"),
    )


def beat(*, schedule: Path, python: str = PYTHON) -> Command:
    """The schedule of the local domains. ``schedule`` is a file that it keeps and that may be lost."""
    return (
        *(python, "-m", "celery", "-A", "config", "--quiet", "beat", "--loglevel", "warning"),
        *("-s", str(schedule), "--pidfile="),
    )
