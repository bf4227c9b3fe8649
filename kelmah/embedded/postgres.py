"""An embedded PostgreSQL server: ``start()`` gives a superuser URL, ``stop()`` ends it, and it never outlives us."""

import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from kelmah.embedded import cluster, scratch
from kelmah.embedded.account import server_account
from kelmah.embedded.child import start_child, stop_child
from kelmah.embedded.errors import BrokenData, DiskFull, PortInUse, explain_os_error, explain_server_log
from kelmah.embedded.folders import locked, make_folder
from kelmah.embedded.ports import HOST, free_port
from kelmah.embedded.programs import postgres_programs

START_TIMEOUT = 60.0
_LONGEST_SOCKET_FOLDER = 85  # the kernel allows 107 bytes for folder, slash and ".s.PGSQL.65535.lock"
_PREFERRED_PORT = 55432
_NEEDED_BYTES = 200 * 1024 * 1024

# For two cores; a machine that deserves more deserves a server of its own behind DATABASE_URL.
_SETTINGS = {
    "listen_addresses": HOST,
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_locks_per_transaction": "256",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "logging_collector": "off",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# Only for data nobody will miss: a crash of the machine may corrupt it.
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
}


class Postgres:
    """A server with its files under ``home``: ``data``, ``password`` (0600), ``server.log`` and, if short, ``socket``.

    ``durable``: survives a power cut. ``port``: this very port or PortInUse; else that of its last run (at first 55432)
    or, if taken, any free one.
    Start it from the main thread (see ``child.start_child``).
    """

    def __init__(
        self, *, home: Path, durable: bool = True, port: int | None = None, needed_bytes: int = _NEEDED_BYTES
    ) -> None:
        self.home = home
        self.durable = durable
        self.port = port or 0
        self._fixed_port = port is not None
        self._needed_bytes = needed_bytes
        self._throw_away = False
        self._child: subprocess.Popen[bytes] | None = None
        self._held = ExitStack()

    @classmethod
    def for_tests(cls) -> Self:
        """A server on an empty cluster that is thrown away by ``stop()``: fast instead of durable, no password."""
        server = cls(home=scratch.new_folder("postgres"), durable=False)
        server._throw_away = True
        return server

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def start(self) -> str:
        """Make the cluster when there is none, start the server, wait until it answers; the superuser's URL.

        Raises EmbeddedError, a line for a person. Nothing is left running then.
        """
        try:
            self._prepare()
            self._launch()
            self._check_opens()
        except OSError as error:
            self.stop()
            raise explain_os_error(error, path=self.home, account=server_account().name) from error
        except BaseException:
            self.stop()
            raise
        return self.url()

    def url(self, database: str = "postgres") -> str:
        """The superuser's URL of ``database`` on the started server."""
        secret = "" if self._throw_away else ":" + quote(self._password_file.read_text(encoding="ascii").strip())
        return f"postgresql://{cluster.SUPERUSER}{secret}@{HOST}:{self.port}/{database}"

    def stop(self, *, grace: float = 15.0) -> None:
        """Disconnect everybody, write everything out and end. Harmless when nothing runs."""
        child, self._child = self._child, None
        if child is not None:
            # Fast shutdown keeps the data; immediate shutdown is quicker and fine for data thrown away next.
            stop_child(child, how=signal.SIGQUIT if self._throw_away else signal.SIGINT, grace=grace)
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

    @property
    def _password_file(self) -> Path:
        return self.home / "password"

    def _prepare(self) -> None:
        account = server_account()
        postgres_programs()
        make_folder(self.home)
        account.check_can_enter(self.home)
        self._held.enter_context(locked(self.home / "lock", wait=False))
        free = shutil.disk_usage(self.home).free
        if free < self._needed_bytes:
            raise DiskFull(path=self.home, detail=f"{free >> 20} MB left, {self._needed_bytes >> 20} MB needed")
        if self.data.exists() and any(self.data.iterdir()):
            cluster.check_cluster(self.data)
            cluster.clear_leftovers(self.data)
        elif self._throw_away:
            cluster.copy_template(self.data)
        else:
            self._password_file.touch(mode=0o600)
            self._password_file.write_text(secrets.token_urlsafe(24), encoding="ascii")
            account.take(self._password_file)
            cluster.create_cluster(self.data, password_file=self._password_file)
            account.give_back(self._password_file)
        if not self._throw_away and not self._password_file.exists():
            raise BrokenData(folder=self.home, reason="the file password is missing")

    def _launch(self) -> None:
        # A free port can be taken by somebody else before the server binds it: look for another one then.
        for attempt in range(3):
            if not self._fixed_port:
                self.port = free_port(preferred=None if self._throw_away or attempt else self._last_port())
            try:
                self._launch_once()
            except PortInUse:
                if self._fixed_port or attempt == 2:
                    raise
            else:
                return

    def _launch_once(self) -> None:
        account, programs = server_account(), postgres_programs()
        settings = _SETTINGS | (_DURABLE if self.durable else _FAST)
        settings |= {"port": str(self.port), "unix_socket_directories": str(self._socket_folder())}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("wb") as output:
            self._child = start_child(
                [programs.program("postgres"), "-D", str(self.data), *options],
                env=programs.environment(home=self.home),
                cwd=self.data,
                output=output,
                on_parent_death=signal.SIGQUIT if self._throw_away else signal.SIGINT,
                account=account,
            )
        self._wait_ready(self._child)

    def _wait_ready(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while child.poll() is None and time.monotonic() < deadline:
            if self._says_ready(child.pid):
                return
            time.sleep(0.01)
        written = self.log.read_text(errors="replace")
        raise explain_server_log(
            written, name="PostgreSQL", port=self.port, folder=self.data, log=self.log, account=server_account().name
        )

    def _check_opens(self) -> None:
        """A server can be ready to answer and have nothing behind it: lost tables, a password that is not its own."""
        try:
            psycopg.connect(self.url(), connect_timeout=10).close()
        except psycopg.OperationalError as error:
            reason = str(error).splitlines()[-1].rpartition("FATAL:")[2].strip()
            raise BrokenData(folder=self.home, reason=reason) from error

    def _says_ready(self, pid: int) -> bool:
        # The postmaster keeps its state in the eighth line of its lock file; pg_ctl waits for the same word.
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _last_port(self) -> int:
        """Addresses of its databases that somebody noted stay true from one run to the next."""
        try:
            found = re.search(r"port=(\d+)", (self.data / "postmaster.opts").read_text(encoding="utf-8"))
        except OSError:
            return _PREFERRED_PORT
        return int(found[1]) if found else _PREFERRED_PORT

    def _socket_folder(self) -> Path:
        folder = self.home / "socket"
        if len(str(folder)) <= _LONGEST_SOCKET_FOLDER:
            return make_folder(folder, owner=server_account())
        short = self._held.enter_context(tempfile.TemporaryDirectory(prefix="kelmah-"))
        server_account().take(Path(short))
        return Path(short)
