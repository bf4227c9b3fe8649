"""The API as ``make run`` serves it, on servers of its own, and a load on it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from kelmah.embedded.environment import without_credentials
from kelmah.embedded.ports import free_port
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.processes import process_table
from kelmah.embedded.redis import Redis

ROOT = Path(__file__).resolve().parents[2]
SMOKE = bool(os.environ.get("BENCH_SMOKE"))
CONNECTIONS = 16


@contextmanager
def servers(*, settings: str, domains: str, durable: bool = False, **more: str) -> Iterator[tuple[dict[str, str], str]]:
    """The environment of the processes that serve these domains, their tables made, with ``more``; and the
    administrator's address of the database. ``durable``: a commit waits for the disk."""
    home = Path(tempfile.mkdtemp(prefix="kelmah-served-"))
    home.chmod(0o755)
    postgres, redis = Postgres(home=home / "postgres") if durable else Postgres.for_tests(), Redis.for_tests()
    try:
        admin_url = urlsplit(postgres.start())._replace(path="/kelmah").geturl()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": settings,
            "LOCAL_DOMAINS": domains,
            "KELMAH_EXTRA_DOMAINS": "",
            "DATABASE_URL": without_credentials(admin_url),
            "DATABASE_ROLE_PASSWORD": "bench",
            "REDIS_URL": redis.start(),
            **more,
        }
        for command in ("prepare_databases", "migrate_domains"):
            setup = {**environment, "DATABASE_URL": admin_url}
            subprocess.run([sys.executable, "manage.py", command], cwd=ROOT, env=setup, check=True, capture_output=True)
        yield environment, admin_url
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def granian(environment: dict[str, str], ready: str = "/api/v1/jobs") -> Iterator[tuple[int, psutil.Process]]:
    """The API as ``make run`` serves it, once ``ready`` answers."""
    port = free_port()
    table = process_table(port=port, live_port=0, data=ROOT, commands=())
    api = next(each for each in table if each.name == "api")
    process = subprocess.Popen(api.command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}{ready}", timeout=5).raise_for_status()
                break
            except httpx.TransportError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise SystemExit("the server did not start") from None
                time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@contextmanager
def beside(environment: dict[str, str], *names: str) -> Iterator[None]:
    """Other processes of ``make run``: ``relay``, ``worker``."""
    table = process_table(port=0, live_port=0, data=ROOT, commands=())
    commands = [each.command for each in table if each.name in names]
    running = [subprocess.Popen(command, cwd=ROOT, env=environment) for command in commands]
    try:
        yield
        if any(process.poll() is not None for process in running):
            raise SystemExit(f"one of {', '.join(names)} ended")
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(timeout=30)


def drive(port: int, path: str, *, seconds: float, connections: int = CONNECTIONS, rate: int = 0) -> dict[str, Any]:
    who = f"{connections}@{rate}" if rate else str(connections)
    command = [sys.executable, "-m", "tests.benchmarks.jobs.load", str(port), str(seconds), who, path]
    result: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    if result["refused"]:
        raise SystemExit(f"{path} was refused: {result['refused']}")
    return result
