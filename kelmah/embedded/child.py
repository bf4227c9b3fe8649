"""Child processes that never outlive the process that started them."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from kelmah.embedded.account import Account, RunAs

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def start_child(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    output: IO[Any] | int,
    on_parent_death: signal.Signals,
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own; it gets ``on_parent_death`` should this process die, even by SIGKILL.

    Call it from a thread that lives as long as the process: the kernel ties the signal to the starting thread.
    """
    return subprocess.Popen(
        list(command),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        # Ctrl-C in a terminal reaches the whole foreground group; in a session of its own a child waits for our order.
        start_new_session=True,
        preexec_fn=_die_with_parent(on_parent_death),
        **(account.popen_arguments() if account else RunAs()),
    )


def stop_child(child: subprocess.Popen[bytes], *, how: signal.Signals = signal.SIGTERM, grace: float = 10.0) -> bool:
    """Ask the child to end, wait ``grace`` seconds, then kill it with all it started. True when it went by itself."""
    if child.poll() is None:
        child.send_signal(how)
    return wait_for(child, grace=grace)


def wait_for(child: subprocess.Popen[bytes], *, grace: float) -> bool:
    """The same for a child that was asked already."""
    try:
        child.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        kill_group(child)
        child.wait()
        return False
    return True


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and everything that stayed in its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _die_with_parent(how: signal.Signals) -> Callable[[], None] | None:
    if _libc is None:
        return None
    parent = os.getpid()
    libc = _libc

    def before_exec() -> None:
        # After the change of user: the kernel forgets this setting whenever credentials change.
        libc.prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and prctl, so no signal will ever come
            os._exit(1)

    return before_exec
