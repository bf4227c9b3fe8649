"""Real processes on the test's database, to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parents[2]


def environment(domain: str, **more: str) -> dict[str, str]:
    """The environment of a process that serves one domain of this test's database."""
    there = connections[domain].settings_dict
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("KELMAH_TEST")},
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "LOCAL_DOMAINS": domain,
        "DATABASE_URL": f"postgresql://{there['HOST']}:{there['PORT']}/{there['NAME']}",
        "DATABASE_ROLE_PASSWORD": there["PASSWORD"],
        "REDIS_URL": settings.REDIS_URL,
        "EVENT_LEASE_SECONDS": "1",
        **more,
    }


def start(*command: str, env: dict[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def start_relay(**more: str) -> subprocess.Popen:
    return start("manage.py", "events", "run", env=environment("probe", **more))


def start_worker(*, pool: str = "solo", **more: str) -> subprocess.Popen:
    options = ("--pool", pool, "--concurrency", "1", "--loglevel", "error", "--without-gossip", "--without-mingle")
    return start("-m", "celery", "-A", "config", "worker", *options, env=environment("probe", **more))


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)


@contextmanager
def running(*processes: subprocess.Popen) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            if process.poll() is None:
                kill(process)


def wait_until(what: str, probe: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)
