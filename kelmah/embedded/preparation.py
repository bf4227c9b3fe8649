"""Bringing the databases to what the code expects, and not doing it again until the code changes."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kelmah.embedded.folders import CLONE

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

    def __init__(self, *, marks: Path, env: Mapping[str, str], run: Callable[[list[str]], None]) -> None:
        self._marks = marks
        self._env = env
        self._run = run

    def databases(self, *, always: bool) -> bool:
        """Roles, schemas, extensions and migrations; true when there was something to do.

        ``always``: on a server of somebody else, who may have changed it meanwhile.
        """
        mark, wanted = self._marks / "prepared", self.fingerprint()
        if not always and mark.is_file() and mark.read_text(encoding="ascii") == wanted:
            return False
        mark.unlink(missing_ok=True)
        self._run(["prepare_databases"])
        self._run(["migrate_domains"])
        mark.write_text(wanted, encoding="ascii")
        return True

    def demo(self, command: str) -> None:
        """Run the management command that loads demo data, once in the life of this data."""
        mark = self._marks / "demo-loaded"
        if not mark.exists():
            self._run([command])
            mark.touch()

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(_source_files()):
            digest.update(f"{path.relative_to(CLONE)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        for name, value in sorted(self._env.items()):
            if name.endswith(("DOMAINS", "DATABASE_URL", "ROLE_PASSWORD")) and name != "DATABASE_URL":
                digest.update(f"{name}={value}\0".encode())
        return digest.hexdigest()


def _source_files() -> Iterable[Path]:
    return (path for pattern in _SOURCES for path in CLONE.glob(pattern) if os.path.isfile(path))
