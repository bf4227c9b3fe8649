"""A second process that serves some domains, through the project's own settings, routes and middleware."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import HOST, answers, free_port

_STARTED_WITHIN = 60.0  # seconds; two or three on a machine with nothing else to do


@contextmanager
def api_process(*, port: int = 0, output: int = subprocess.DEVNULL, **environment: str) -> Iterator[str]:
    """The URL of one worker of granian while it runs, with the settings of tests and this environment on top.

    ``port`` is for processes that must know of each other before they start; ``output`` is where it writes.
    """
    port = port or free_port()
    server = (sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws", "--no-log")
    process = start_child(
        (*server, "--host", HOST, "--port", str(port), "--blocking-threads", "8", "--workers-kill-timeout", "2"),
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test"} | environment,
        cwd=CLONE,
        output=output,
        on_parent_death=signal.SIGTERM,
    )
    try:
        until = time.monotonic() + _STARTED_WITHIN
        while not answers(port):
            assert process.poll() is None, "the process ended"
            assert time.monotonic() < until, "the process does not answer"
            time.sleep(0.05)
        yield f"http://{HOST}:{port}"
    finally:
        stop_child(process)
