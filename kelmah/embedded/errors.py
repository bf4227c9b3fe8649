"""What can go wrong around the embedded servers, each said in one line that tells the reader what to do.

Commands print ``str(error)`` and exit with status 1; nobody should have to read a traceback to free a port.
"""

import errno
import re
from pathlib import Path

_ELSEWHERE = "choose another folder with KELMAH_DATA_DIR"


class EmbeddedError(Exception):
    """A one-line explanation for the person at the keyboard. Never wraps its text."""

    def __init__(self, line: str) -> None:
        super().__init__(" ".join(line.split()))


class PortInUse(EmbeddedError):
    def __init__(self, *, port: int, purpose: str, remedy: str) -> None:
        super().__init__(f"Port {port} ({purpose}) is already in use: stop what listens there, or {remedy}.")


class AlreadyRunning(EmbeddedError):
    def __init__(self, *, folder: Path, pid: str) -> None:
        super().__init__(f"Kelmah already runs on {folder} (process {pid}): stop it first, or {_ELSEWHERE}.")


class BrokenData(EmbeddedError):
    def __init__(self, *, folder: Path, reason: str) -> None:
        super().__init__(
            f"The data folder {folder} is broken ({reason}): restore it from a backup, "
            "or delete it to start afresh (its data is lost)."
        )


class NoPermission(EmbeddedError):
    def __init__(self, *, path: Path, account: str, action: str) -> None:
        super().__init__(f"User {account} has no permission to {action} {path}: give it that right, or {_ELSEWHERE}.")


class DiskFull(EmbeddedError):
    def __init__(self, *, path: Path, detail: str = "no space left") -> None:
        super().__init__(f"The disk that holds {path} is full ({detail}): free some space, or {_ELSEWHERE}.")


class ServerFailed(EmbeddedError):
    """A server ended or did not get ready, and its log names no known cause."""

    def __init__(self, *, name: str, last_line: str, log: Path) -> None:
        super().__init__(f"{name} did not start: {last_line or 'it wrote no reason'} (its whole log is {log}).")


def explain_os_error(error: OSError, *, path: Path, account: str) -> EmbeddedError:
    """The same failure as a line for a person. ``path`` is used when the error names none."""
    place = Path(error.filename) if isinstance(error.filename, str) else path
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(path=place)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return NoPermission(path=place, account=account, action="write to")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return BrokenData(folder=place, reason="a file stands where a folder should be")
    return EmbeddedError(f"{place}: {error.strerror or error}.")


# What PostgreSQL and Redis say when their own files are not what they left there.
_BROKEN = re.compile(
    "|".join(
        (
            "pg_control",
            "PG_VERSION",
            "not a valid data directory",
            "server configuration file",
            "required WAL directory",
            "is missing or erroneous",
            "incompatible with server",
            "(invalid|required|a valid) checkpoint",
            "could not open (directory|file) ",
            "invalid page",
            "Bad file format",
            "FATAL CONFIG FILE ERROR",
        )
    ),
    re.IGNORECASE,
)


def explain_server_log(text: str, *, name: str, port: int, folder: Path, log: Path, account: str) -> EmbeddedError:
    """Why a server that just ended refused to run, from what it wrote. Specific causes before general ones."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if re.search(r"address already in use", text, re.IGNORECASE):
        return PortInUse(port=port, purpose=name, remedy="try again to get another port")
    if re.search(r"no space left on device|disk quota exceeded", text, re.IGNORECASE):
        return DiskFull(path=folder)
    if re.search(r"permission denied|has wrong ownership|has invalid permissions", text, re.IGNORECASE):
        return NoPermission(path=folder, account=account, action="use")
    reason = next((line for line in lines if _BROKEN.search(line)), "")
    if reason:
        return BrokenData(folder=folder, reason=_without_stamp(reason))
    fatal = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error|#", line)]
    return ServerFailed(name=name, last_line=_without_stamp((fatal or lines or [""])[-1]), log=log)


def _without_stamp(line: str) -> str:
    """The message of a log line, without its date, process id and level."""
    return re.sub(r"^.*?(FATAL|PANIC|ERROR|LOG):\s+", "", line).rstrip(".")
