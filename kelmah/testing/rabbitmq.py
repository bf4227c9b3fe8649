"""A RabbitMQ of a test's own: Debian's program, with a node name, ports and files that nobody else has."""

import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from kelmah.embedded import scratch
from kelmah.embedded.child import kill_group, start_child, stop_child
from kelmah.embedded.ports import HOST, answers, free_port

_PROGRAMS = Path("/usr/lib/rabbitmq/bin")  # the ones in PATH insist on a system account
_EPMD = "/usr/bin/epmd"
_STARTED_WITHIN = 60.0  # seconds


class RabbitMQ:
    """``start()`` gives an ``amqp://`` URL; ``kill()`` as the machine would, ``start()`` again on the same files."""

    def __init__(self) -> None:
        assert (_PROGRAMS / "rabbitmq-server").is_file(), "RabbitMQ is missing: apt-get install rabbitmq-server"
        self.home = scratch.new_folder("rabbitmq")
        self.port = free_port()
        self._distribution, self._epmd = free_port(), free_port()
        self._node = f"kelmah{secrets.token_hex(4)}@localhost"
        self._child: subprocess.Popen[bytes] | None = None
        self._names: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Started here, as a child: the one that a node would start is a daemon, which outlives everybody.
        self._names = self._spawn(_EPMD, "-port", str(self._epmd))
        self._wait_for(self._epmd, of=self._names)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._names is not None:
            stop_child(self._names)
        scratch.discard(self.home)

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@{HOST}:{self.port}//"

    def start(self) -> str:
        self._child = self._spawn(str(_PROGRAMS / "rabbitmq-server"))
        self._wait_for(self.port, of=self._child)
        return self.url

    def stop(self) -> None:
        if self._child is not None:
            self.wake()  # a test that failed may have left it hanging
            stop_child(self._child, grace=20)
            self._child = None

    def kill(self) -> None:
        """Without a word to anybody."""
        if self._child is not None:
            kill_group(self._child)
            self._child.wait()
            self._child = None

    def hang(self) -> None:
        """It is there, and says nothing, until ``wake()``."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    # Private functions

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.home / "server.log").open("ab") as output:
            return start_child(
                command, env=self._environment(), cwd=self.home, output=output, on_parent_death=signal.SIGKILL
            )

    def _wait_for(self, port: int, *, of: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _STARTED_WITHIN
        while not answers(port):
            written = (self.home / "server.log").read_text(errors="replace")[-2000:]
            assert of.poll() is None, f"RabbitMQ ended:\n{written}"
            assert time.monotonic() < until, f"RabbitMQ does not answer:\n{written}"
            time.sleep(0.1)

    def _environment(self) -> Mapping[str, str]:
        config = self.home / "rabbitmq.conf"
        lines = (f"listeners.tcp.local = {HOST}:{self.port}", "loopback_users = none", "log.console.level = warning")
        config.write_text("\n".join(lines) + "\n")
        return {
            "HOME": str(self.home),  # of the Erlang cookie
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": HOST,
            # As under systemd: the server takes its script's place, so that what we stop, kill or leave behind is it.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {{{HOST.replace('.', ',')}}}",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_MNESIA_BASE": str(self.home / "data"),
            "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "plugins"),
            "RABBITMQ_PID_FILE": str(self.home / "pid"),
        }
