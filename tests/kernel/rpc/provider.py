"""A second process that serves ``parcels`` alone, through the project's own settings, routes and middleware."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.ports import HOST, answers, free_port

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def running(*, redis_url: str) -> Iterator[str]:
    """The URL of the process while it runs."""
    port = free_port()
    surroundings = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "KELMAH_EXTRA_DOMAINS": "tests.kernel.rpc.parcels",
        "LOCAL_DOMAINS": "parcels",
        "REDIS_URL": redis_url,
    }
    server = (sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws", "--no-log")
    process = start_child(
        (*server, "--host", HOST, "--port", str(port), "--blocking-threads", "8", "--workers-kill-timeout", "2"),
        env=surroundings,
        cwd=ROOT,
        output=subprocess.DEVNULL,
        on_parent_death=signal.SIGTERM,
    )
    try:
        until = time.monotonic() + 30
        while not answers(port):
            assert process.poll() is None, "the provider ended"
            assert time.monotonic() < until, "the provider does not answer"
            time.sleep(0.05)
        yield f"http://{HOST}:{port}"
    finally:
        stop_child(process)
