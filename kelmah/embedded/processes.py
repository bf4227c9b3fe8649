"""The processes of one running Kelmah, as data."""

import sys
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from kelmah import processes
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
    table = (
        Process(
            name="api",
            command=processes.api(host=HOST, port=port),
            colour="36",
            health=f"http://{HOST}:{port}/health/live",
        ),
        Process(
            name="live",
            command=processes.live(host=HOST, port=live_port),
            colour="35",
            health=f"tcp://{HOST}:{live_port}",
        ),
        Process(  # the pretended payment provider, on the other side of real HTTP
            name="sandbox",
            command=(sys.executable, "manage.py", "sandbox_gateway", "--memory", str(data / "sandbox.json")),
            colour="37",
            needs="sandbox_gateway",
        ),
        Process(name="relay", command=processes.relay(), colour="33"),
        Process(name="worker", command=processes.worker(), colour="32", grace=20.0),
        Process(name="beat", command=processes.beat(schedule=data / "beat"), colour="34"),
    )
    return tuple(process for process in table if not process.needs or process.needs in commands)


# Who takes requests goes first, the relay last: what the others leave behind is still delivered.
STOP_ORDER = (("api", "live"), ("worker",), ("sandbox", "beat"), ("relay",))
