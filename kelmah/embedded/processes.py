"""The processes of one running Kelmah, as data."""

import sys
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from kelmah.embedded.ports import HOST


@dataclass(frozen=True)
class Process:
    """``health``: an http:// address that answers 200, a tcp:// one that accepts, or "" when running is enough.

    ``grace``: seconds between asking it to end and killing it.
    """

    name: str
    command: tuple[str, ...]
    colour: str
    health: str = ""
    grace: float = 10.0
    needs: str = ""  # the management command without which there is nothing to run


def process_table(*, port: int, live_port: int, data: Path, commands: Container[str]) -> tuple[Process, ...]:
    """In the order of starting; ``commands`` are the management commands of this deployment."""
    module = (sys.executable, "-m")
    table = (
        Process(
            name="api",
            command=(
                *module,
                *("granian", "--interface", "wsgi", "config.wsgi:application"),
                *("--host", HOST, "--port", str(port), "--no-ws"),
                *("--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers"),
                *("--workers-kill-timeout", "8", "--log-level", "warning"),
            ),
            colour="36",
            health=f"http://{HOST}:{port}/health/live",
        ),
        Process(
            name="live",
            command=(
                *module,
                *("uvicorn", "config.asgi:application", "--host", HOST, "--port", str(live_port)),
                # Deflate costs 10 kB and more per idle socket; short messages hardly shrink.
                *("--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--ws-max-size", "65536"),
                *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5"),
            ),
            colour="35",
            health=f"tcp://{HOST}:{live_port}",
        ),
        Process(  # the pretended payment provider, on the other side of real HTTP
            name="sandbox",
            command=(sys.executable, "manage.py", "sandbox_gateway"),
            colour="37",
            grace=3.0,
            needs="sandbox_gateway",
        ),
        Process(name="relay", command=(sys.executable, "manage.py", "events", "run"), colour="33"),
        Process(
            name="worker",
            command=(
                *module,
                *("celery", "-A", "config", "--quiet", "worker", "--concurrency", "2", "--loglevel", "warning"),
                *("--without-gossip", "--without-mingle"),
            ),
            colour="32",
            grace=20.0,
        ),
        Process(
            name="beat",
            command=(
                *module,
                *("celery", "-A", "config", "--quiet", "beat", "--loglevel", "warning"),
                *("-s", str(data / "beat"), "--pidfile="),
            ),
            colour="34",
        ),
    )
    return tuple(process for process in table if not process.needs or process.needs in commands)


# Who takes requests goes first, the relay last: what the others leave behind is still delivered.
STOP_ORDER = (("api", "live"), ("worker",), ("sandbox", "beat"), ("relay",))
