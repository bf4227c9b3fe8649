"""PostgreSQL's own load, and what the server spent on it."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from kelmah.embedded.postgres import Postgres
from kelmah.embedded.programs import postgres_programs

_SYNCS = "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'"


@dataclass(frozen=True)
class Spent:
    """Of one run: transactions per second, and per transaction the server's CPU in microseconds and WAL syncs."""

    tps: float
    cpu: float
    syncs: float


def pgbench(server: Postgres, url: str, script: str, *, clients: int, seconds: float) -> Spent:
    """Run ``script`` again and again on ``clients`` connections of ``url``."""
    programs = postgres_programs()
    file = Path(server.home) / "script.sql"
    file.write_text(script)
    options = ["--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2", f"--time={seconds:.0f}"]
    cpu, syncs = _cpu(server), _syncs(server)
    run = subprocess.run(
        [programs.program("pgbench"), *options, f"--file={file}", url],
        env=dict(programs.environment(home=Path(server.home))),
        check=False,
        capture_output=True,
        text=True,
    )
    if run.returncode:
        raise SystemExit(f"{run.stderr}\nof: {script}")
    told = run.stdout
    done = int(re.findall(r"actually processed: (\d+)", told)[0])
    failed = int(re.findall(r"failed transactions: (\d+)", told)[0])
    if failed or not done:
        raise SystemExit(f"{failed} transactions failed: {script}")
    tps = float(re.findall(r"tps = ([\d.]+)", told)[0])
    return Spent(tps, (_cpu(server) - cpu) / done * 1e6, (_syncs(server) - syncs) / done)


# Private functions


def _cpu(server: Postgres) -> float:
    """Seconds of all processes of the server, living and ended."""
    assert server._child is not None
    master = psutil.Process(server._child.pid)
    while True:
        try:
            living = [child.cpu_times() for child in master.children()]
        except psutil.NoSuchProcess:
            continue  # it has just ended, and counts among the ended ones
        own = master.cpu_times()
        return own.children_user + own.children_system + sum(each.user + each.system for each in [own, *living])


def _syncs(server: Postgres) -> int:
    with psycopg.connect(server.url("kelmah"), autocommit=True) as connection:
        new = connection.info.server_version >= 180000
        ((syncs,),) = connection.execute(_SYNCS if new else "SELECT wal_sync FROM pg_stat_wal").fetchall()
        return int(syncs)
