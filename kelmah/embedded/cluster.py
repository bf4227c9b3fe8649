"""The files of a PostgreSQL server: making them with initdb, copying a template, and what a dead server left behind."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from kelmah.embedded.account import server_account
from kelmah.embedded.errors import BrokenData, EmbeddedError, explain_server_log
from kelmah.embedded.folders import cache_folder, locked, make_folder
from kelmah.embedded.programs import postgres_programs

SUPERUSER = "kelmah"
_INITDB = (
    f"--username={SUPERUSER}",
    "--encoding=UTF8",
    # Sorting and case-folding that are the same on every machine, whatever its C library.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


def create_cluster(data: Path, *, password_file: Path) -> None:
    """An empty cluster at ``data`` that asks for the superuser's password. Raises EmbeddedError."""
    _initdb(data, "--auth=scram-sha-256", f"--pwfile={password_file}")


def copy_template(data: Path) -> None:
    """An empty cluster at ``data`` that trusts this machine, copied from a template made on first use: for tests."""
    template = make_folder(cache_folder() / "templates") / postgres_programs().root.name
    with locked(cache_folder() / "template.lock"):
        if not template.exists():
            # Small log segments: a copy moves 24 MB less.
            _initdb(template, "--auth=trust", "--no-sync", "--no-data-checksums", "--wal-segsize=1")
    make_folder(data, owner=server_account())
    _run(["/bin/cp", "-R", "-p", f"{template}/.", str(data)], target=data)


def check_cluster(data: Path) -> None:
    """Raises BrokenData when ``data`` is something else than a cluster of this PostgreSQL."""
    version_file = data / "PG_VERSION"
    ours = postgres_programs().major_version
    if not version_file.is_file():
        raise BrokenData(folder=data, reason="PG_VERSION is missing")
    found = version_file.read_text(encoding="ascii", errors="replace").strip()
    if found != ours:
        raise BrokenData(folder=data, reason=f"made by PostgreSQL {found or 'unknown'}, this one is {ours}")


def clear_leftovers(data: Path) -> None:
    """End the server a killed run left on ``data``, if it still runs, and remove a lock file that names nobody.

    The caller holds the lock of the folder around ``data``, so no living supervisor owns that server.
    """
    pid_file = data / "postmaster.pid"
    for how, patience in ((None, 5.0), (signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        pid = _postmaster(pid_file)
        if pid is None:
            return
        if not _serves(pid, data):
            # The number was given to another process since; PostgreSQL itself can't tell and would refuse to start.
            pid_file.unlink(missing_ok=True)
            return
        if how is not None:
            os.kill(pid, how)
        _wait_gone(pid, patience)
    raise EmbeddedError(
        f"An old PostgreSQL (process {_postmaster(pid_file)}) on {data} does not end: stop it by hand, then try again."
    )


def _postmaster(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text(encoding="ascii").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _serves(pid: int, data: Path) -> bool:
    """True when process ``pid`` is a postmaster on ``data``: it always works inside its data folder."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except OSError:
        return False


def _wait_gone(pid: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and Path(f"/proc/{pid}").exists():
        time.sleep(0.02)


def _initdb(data: Path, *options: str) -> None:
    # Renamed into place: whoever finds the folder finds a whole cluster, however this ends.
    unfinished = data.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    make_folder(unfinished, owner=server_account())
    _run([postgres_programs().program("initdb"), f"--pgdata={unfinished}", *_INITDB, *options], target=unfinished)
    unfinished.rename(data)


def _run(command: list[str], *, target: Path) -> None:
    account = server_account()
    outcome = subprocess.run(
        command,
        env=dict(postgres_programs().environment(home=target)),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **account.popen_arguments(),
    )
    if outcome.returncode != 0:
        shutil.rmtree(target, ignore_errors=True)
        name = Path(command[0]).name
        raise explain_server_log(
            outcome.stderr or outcome.stdout, name=name, port=0, folder=target, log=target, account=account.name
        )
