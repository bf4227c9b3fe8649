"""An embedded Redis server: ``start()`` gives a URL, ``stop()`` ends it, and it never outlives us."""

import secrets
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from kelmah.embedded import scratch
from kelmah.embedded.account import server_account
from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.errors import PortInUse, explain_os_error, explain_server_log
from kelmah.embedded.folders import locked, make_folder
from kelmah.embedded.ports import HOST, free_port
from kelmah.embedded.programs import redis_program

START_TIMEOUT = 20.0
_PREFERRED_PORT = 56379

_SETTINGS = {
    "bind": HOST,
    "daemonize": "no",
    "maxmemory-policy": "noeviction",  # Celery's queues live here: refusing a write beats losing a task
    "save": '""',
}


class Redis:
    """A server with its files under ``home``: ``data``, ``redis.conf`` (0600, holds the password) and ``server.log``.

    ``durable``: keeps what it holds in an append-only file, written out every second, and asks for a password.
    ``port``: this very port, or PortInUse; otherwise 56379 or, if taken, any free one.
    """

    def __init__(self, *, home: Path, durable: bool = True, port: int | None = None) -> None:
        self.home = home
        self.durable = durable
        self.port = port or 0
        self._fixed_port = port is not None
        self._throw_away = False
        self._password = secrets.token_urlsafe(24) if durable else ""
        self._child: subprocess.Popen[bytes] | None = None
        self._held = ExitStack()

    @classmethod
    def for_tests(cls) -> Self:
        """A server that keeps nothing and is thrown away by ``stop()``."""
        server = cls(home=scratch.new_folder("redis"), durable=False)
        server._throw_away = True
        return server

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def url(self) -> str:
        return f"redis://{f':{self._password}@' if self._password else ''}{HOST}:{self.port}/0"

    def start(self) -> str:
        """Start the server and wait until it answers; its URL. Raises EmbeddedError; nothing is left running then."""
        try:
            make_folder(self.home)
            make_folder(self.data, owner=server_account())
            server_account().check_can_enter(self.data)
            self._held.enter_context(locked(self.home / "lock", wait=False))
            self._launch()
        except OSError as error:
            self.stop()
            raise explain_os_error(error, path=self.home, account=server_account().name) from error
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self, *, grace: float = 10.0) -> None:
        """Write everything out and end. Harmless when nothing runs."""
        child, self._child = self._child, None
        if child is not None:
            stop_child(child, how=signal.SIGTERM, grace=grace)
        self._held.close()
        if self._throw_away:
            scratch.discard(self.home)

    def restart(self) -> str:
        """Start again after it ended by itself, on the same port, with the same files."""
        self._fixed_port = True
        self.stop()
        return self.start()

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _launch(self) -> None:
        for attempt in range(3):
            if not self._fixed_port:
                self.port = free_port(preferred=None if self._throw_away or attempt else _PREFERRED_PORT)
            try:
                self._launch_once()
            except PortInUse:
                if self._fixed_port or attempt == 2:
                    raise
            else:
                return

    def _launch_once(self) -> None:
        program, config = redis_program(), self._write_config()
        with self.log.open("wb") as output:
            self._child = start_child(
                [str(program), str(config)],
                env={"HOME": str(self.data), "PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                cwd=self.data,
                output=output,
                on_parent_death=signal.SIGTERM,
                account=server_account(),
            )
        self._wait_ready(self._child)

    def _write_config(self) -> Path:
        # A file and not arguments: every user of the machine can read a command line.
        settings = _SETTINGS | {
            "port": str(self.port),
            "dir": str(self.data),
            "appendonly": "yes" if self.durable else "no",
        }
        if self._password:
            settings["requirepass"] = self._password
        config = self.home / "redis.conf"
        config.touch(mode=0o600)
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")
        server_account().take(config)
        return config

    def _wait_ready(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while child.poll() is None and time.monotonic() < deadline:
            if self._pings() and child.poll() is None:
                return
            time.sleep(0.01)
        raise explain_server_log(
            self.log.read_text(errors="replace"),
            name="Redis",
            port=self.port,
            folder=self.data,
            log=self.log,
            account=server_account().name,
        )

    def _pings(self) -> bool:
        """True when our server answers: LOADING comes before that, and a stranger knows no password."""
        hello = f"AUTH {self._password}\r\nPING\r\n" if self._password else "PING\r\n"
        try:
            with socket.create_connection((HOST, self.port), timeout=0.5) as connection:
                connection.sendall(hello.encode())
                answer = b""
                while not answer.endswith(b"\r\n") or answer.count(b"\r\n") < hello.count("\r\n"):
                    part = connection.recv(512)
                    if not part:
                        return False
                    answer += part
        except OSError:
            return False
        return answer.endswith(b"+PONG\r\n")
