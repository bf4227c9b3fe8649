"""Bringing the databases to what the code expects, and not doing it again until the code changes."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from kelmah.embedded.folders import CLONE
from kelmah.embedded.plan import Step

# What decides how the databases must look: the migrations, who makes roles and schemas, and the libraries' own tables.
_SOURCES = (
    "domains/*/migrations/*.py",
    "kelmah/db/**/*.py",
    "kelmah/management/commands/*.py",
    "config/domains.py",
    "requirements.txt",
)


class Preparation:
    """The steps before the first process. ``marks`` is a folder that is deleted together with the data."""

    def __init__(self, *, marks: Path, run: Callable[[Step], None]) -> None:
        self._marks = marks
        self._run = run

    def databases(self, steps: Sequence[Step], *, always: bool) -> bool:
        """Roles, schemas, extensions and migrations; true when there was something to do.

        ``always``: on a server of somebody else, who may have changed it meanwhile.
        """
        mark, wanted = self._marks / "prepared", fingerprint(steps)
        if not always and mark.is_file() and mark.read_text(encoding="ascii") == wanted:
            return False
        mark.unlink(missing_ok=True)
        for step in steps:
            self._run(step)
        mark.write_text(wanted, encoding="ascii")
        return True

    def demo(self, step: Step) -> None:
        """Load demo data, once in the life of this data."""
        mark = self._marks / "demo-loaded"
        if not mark.exists():
            self._run(step)
            mark.touch()


def fingerprint(steps: Sequence[Step]) -> str:
    """Changes with the code and with what the environment says about domains and databases."""
    digest = hashlib.sha256()
    for path in sorted(_source_files()):
        digest.update(f"{path.relative_to(CLONE)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for step in steps:
        digest.update(f"{step.command}\0".encode())
        for name, value in sorted(step.env.items()):
            if name.endswith(("DOMAINS", "DATABASE_URL", "ROLE_PASSWORD")) and name != "DATABASE_URL":
                digest.update(f"{name}={value}\0".encode())
    return digest.hexdigest()


def _source_files() -> Iterable[Path]:
    return (path for pattern in _SOURCES for path in CLONE.glob(pattern) if os.path.isfile(path))
