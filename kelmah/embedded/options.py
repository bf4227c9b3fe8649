"""What people may choose when they start Kelmah on this machine."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """``demo_command``: the management command that loads demo data, or "" for none. ``commands``: all there are."""

    data: Path
    port: int = 8000
    live_port: int = 8001
    demo_command: str = ""
    commands: frozenset[str] = frozenset()
