"""The files of a PostgreSQL server: making them with initdb, copying a template, and what a dead server left behind."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
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
    """End what a killed run left working on ``data``, and remove a lock file that names nobody.

    The caller holds the lock of the folder around ``data``, so no living supervisor owns these processes.
    """
    pid_file = data / "postmaster.pid"
    for how, patience in ((None, 5.0), (signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        left = _working_in(data)
        if not left:
            # Its number may belong to another process by now; PostgreSQL can't tell and would refuse to start.
            pid_file.unlink(missing_ok=True)
            return
        # A fast shutdown is the postmaster's to order; SIGINT means other things to its children.
        for pid in left & _postmaster(pid_file) if how is signal.SIGINT else left:
            if how is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
        _wait_until_free(data, patience)
    raise EmbeddedError(
        f"An old PostgreSQL on {data} does not end ({_working_in(data)}): stop it by hand, then try again."
    )


def _working_in(data: Path) -> set[int]:
    """Every PostgreSQL process works inside its data folder. Orphaned backends count: they still write to it."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # most processes of others may not be looked at; ours all may
            is_postgres = (entry.parent / "comm").read_text(encoding="utf-8", errors="replace").strip() == "postgres"
            if is_postgres and entry.readlink() == data.resolve():
                found.add(int(entry.parent.name))
    return found


def _postmaster(pid_file: Path) -> set[int]:
    try:
        return {int(pid_file.read_text(encoding="ascii").split("\n", 1)[0])}
    except (OSError, ValueError):
        return set()


def _wait_until_free(data: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and _working_in(data):
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
