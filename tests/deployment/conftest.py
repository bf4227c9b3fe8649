"""A real nginx before two copies of everything, each copy a process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.server import ServerConnection, serve

from kelmah.deployment.nginx import nginx_command, nginx_conf
from kelmah.deployment.routes import Kind, Route, route_table
from kelmah.embedded import scratch
from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.folders import CLONE
from kelmah.embedded.ports import HOST, answers, free_port

ORIGIN = "https://app.example.com"


def until(condition: Callable[[], bool], what: str, *, within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@contextmanager
def nginx(folder: Path, *, port: int, **account: Any) -> Iterator[None]:
    """nginx on ``folder/nginx.conf`` while this runs; ended as a gateway is, after the requests under way."""
    output = (folder / "output").open("wb")
    with output:
        child = start_child(
            nginx_command(folder=folder),
            env=os.environ,
            cwd=folder,
            output=output,
            on_parent_death=signal.SIGTERM,
            **account,
        )
        until(lambda: answers(port) or child.poll() is not None, "nginx does not listen")
        assert child.poll() is None, (folder / "output").read_text()
        try:
            yield
        finally:
            ended = stop_child(child, how=signal.SIGQUIT)
        assert ended, "nginx did not end"


@dataclass
class Behind:
    """Two copies of every domain's processes: ``a`` and ``b`` are processes, their addresses ``upstreams``."""

    folder: Path
    routes: tuple[Route, ...] = field(default_factory=route_table)
    upstreams: dict[tuple[str, Kind], list[str]] = field(default_factory=dict)
    copies: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _ports: dict[str, list[int]] = field(default_factory=dict)

    def start(self, copy: str) -> None:
        """Start this copy, on the ports it had before."""
        domains = sorted({route.domain for route in self.routes})
        ports = self._ports.setdefault(copy, [free_port() for _ in domains])
        places = [f"{domain}:{port}" for domain, port in zip(domains, ports, strict=True)]
        self.copies[copy] = start_child(
            [sys.executable, "-m", "tests.deployment.echo", copy, str(self.folder), *places],
            env=os.environ,
            cwd=CLONE,
            output=subprocess.DEVNULL,
            on_parent_death=signal.SIGKILL,
        )
        until(lambda: all(answers(port) for port in ports), f"copy {copy} does not listen")
        for domain, port in zip(domains, ports, strict=True):
            addresses = self.upstreams.setdefault((domain, "api"), [])
            if f"{HOST}:{port}" not in addresses:
                addresses.append(f"{HOST}:{port}")

    def kill(self, copy: str) -> None:
        self.copies[copy].kill()
        self.copies[copy].wait()

    def hits(self, name: str) -> list[str]:
        """The methods of every request whose path ended with this."""
        file = self.folder / name
        return file.read_text().split() if file.exists() else []

    @contextmanager
    def gateway(self, **options: Any) -> Iterator[httpx.Client]:
        """A client of an nginx of its own before these copies."""
        folder, port = scratch.new_folder("gateway"), free_port()
        listen = f"{HOST}:{port}"
        chosen = {"requests_per_second": 100_000, "burst": 100_000, "origins": [ORIGIN]} | options
        text = nginx_conf(routes=self.routes, upstreams=self.upstreams, listen=listen, folder=folder, **chosen)
        (folder / "nginx.conf").write_text(text)
        scheme = "https" if options.get("certificate") else "http"
        try:
            with nginx(folder, port=port), httpx.Client(base_url=f"{scheme}://{listen}", verify=False) as client:
                yield client
        finally:
            scratch.discard(folder)


def say_back(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(f"{connection.request.path} {message}" if connection.request else message)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with ExitStack() as held:
        behind = Behind(tmp_path_factory.mktemp("hits"))
        for copy in ("a", "b"):
            behind.start(copy)
            held.callback(lambda name=copy: behind.kill(name))
        live = held.enter_context(serve(say_back, HOST, 0))
        held.enter_context(_served(live))
        port = live.socket.getsockname()[1]
        behind.upstreams |= {
            (route.domain, route.kind): [f"{HOST}:{port}"] for route in behind.routes if route.kind == "live"
        }
        yield behind


@contextmanager
def _served(server: Any) -> Iterator[None]:
    from threading import Thread

    thread = Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def gateway(behind: Behind) -> Iterator[httpx.Client]:
    with behind.gateway() as client:
        yield client
