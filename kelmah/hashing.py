"""Argon2 in processes of their own and of low priority, one hash at a time in each.

A storm of logins then takes the cores that nobody else wants. Threads of low priority would not do: while one waits for
a core it may hold Python's lock, and then the whole process waits with it.

    python -m kelmah.hashing        serves orders on stdin, a line of JSON each, until it is closed
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from queue import LifoQueue
from typing import Any, Final

from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret, verify_secret

NICENESS: Final = 10  # a tenth of a core's share, when others want it too

Order = Mapping[str, Any]


class HasherLost(Exception):
    """The process ended, twice, before it answered."""


class Hashers:
    """``count`` processes, each started when it is first needed, and again when it has died."""

    def __init__(self, count: int) -> None:
        self._idle: LifoQueue[subprocess.Popen[str] | None] = LifoQueue()
        for _ in range(count):
            self._idle.put(None)

    def do(self, order: Order) -> Any:
        """The answer, when a process is free and has worked it out. Raises HasherLost."""
        process = self._idle.get()
        try:
            for _ in range(2):
                process = process if process and process.poll() is None else _start()
                answer = _asked(process, order)
                if answer:
                    return json.loads(answer)
                process.kill()
                process.communicate()
            raise HasherLost
        finally:
            self._idle.put(process)

    def stop(self) -> None:
        """End those that are idle."""
        while not self._idle.empty():
            if process := self._idle.get():
                process.kill()
                process.communicate()


def hash_password(order: Order) -> str:
    """``password``, ``salt``, ``time_cost`` passes, ``memory_cost`` KiB, ``parallelism`` lanes, ``hash_len`` bytes."""
    costs = {name: order[name] for name in ("time_cost", "memory_cost", "parallelism", "hash_len")}
    return hash_secret(order["password"].encode(), order["salt"].encode(), type=Type.ID, **costs).decode("ascii")


def verify_password(order: Order) -> bool:
    """Whether ``hash`` is of ``password``."""
    try:
        return verify_secret(order["hash"].encode(), order["password"].encode(), Type.ID)
    except (VerificationError, InvalidHashError):
        return False


_WORK: Final[Mapping[str, Callable[[Order], Any]]] = {"hash": hash_password, "verify": verify_password}


def serve() -> None:
    """Work out what is asked on stdin until it is closed, as it is when whoever asks has died."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the one who asks decides
    for line in sys.stdin:
        order = json.loads(line)
        sys.stdout.write(json.dumps(_WORK[order["do"]](order)) + "\n")
        sys.stdout.flush()


# Private functions


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def _asked(process: subprocess.Popen[str], order: Order) -> str:
    asks, answers = process.stdin, process.stdout
    if asks is None or answers is None:
        return ""
    try:
        asks.write(json.dumps(order) + "\n")
        return answers.readline()
    except BrokenPipeError:
        return ""


if __name__ == "__main__":
    serve()
