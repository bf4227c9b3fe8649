"""Copies of Stripe that other people wrote, each a process of its own that we only speak HTTP with."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.peers.node import NODE, installed


@contextmanager
def localstripe() -> Iterator[str]:
    """adrienverge/localstripe: intents, refunds, signed events; its memory is empty. Yields its address."""
    port = _free_port()
    program = str(Path(sys.executable).parent / "localstripe")
    with _running([program, "--port", str(port), "--from-scratch"], port=port, ready="/v1/balance") as url:
        yield url


@contextmanager
def stateful_mock() -> Iterator[str]:
    """Giftbit/stripe-stateful-mock: charges, refunds, disputes, idempotency keys. Yields its address."""
    port = _free_port()
    program = str(installed() / "stripe-stateful-mock" / "dist" / "cli.js")
    with _running([NODE, program], port=port, ready="/", environment={"PORT": str(port)}) as url:
        yield url


# Private functions


@contextmanager
def _running(command: list[str], *, port: int, ready: str, environment: dict[str, str] | None = None) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as scratch:  # one of them writes its memory into the folder for such things
        env = os.environ | {"TMPDIR": scratch} | (environment or {})
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, env=env, cwd=scratch, **quiet)
        try:
            _wait_for(url + ready, process)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        try:
            httpx.get(url, auth=("sk_test_ready", ""), timeout=5)
            return
        except httpx.HTTPError:
            assert time.monotonic() < deadline, f"{process.args} does not answer"
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
