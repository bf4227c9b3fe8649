"""Where the embedded servers keep their files.

An ordinary user: data in the clone's ``.data``, unpacked programs in ``~/.cache/kelmah``. Root: both under
``/var/lib/kelmah``, because the account that runs the servers can't enter a clone under ``/root``.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kelmah.embedded.account import Account, server_account
from kelmah.embedded.errors import AlreadyRunning, NoPermission, explain_os_error

CLONE = Path(__file__).resolve().parents[2]
_ROOT_BASE = Path("/var/lib/kelmah")


def data_folder(chosen: str | os.PathLike[str] | None = None) -> Path:
    """The folder of ``manage.py run``: the argument, else KELMAH_DATA_DIR, else the default of this clone and user."""
    given = chosen or os.environ.get("KELMAH_DATA_DIR")
    if given:
        return Path(given).expanduser().absolute()
    if not server_account().lent:
        return CLONE / ".data"
    return _base_for_root() / f"{CLONE.name}-{hashlib.sha256(os.fsencode(CLONE)).hexdigest()[:8]}"


def cache_folder() -> Path:
    """For things that can be made again: unpacked programs, templates, test servers. Created when missing."""
    account = server_account()
    if account.lent:
        return make_folder(_base_for_root() / "cache")
    home_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    try:
        return make_folder(home_cache / "kelmah")
    except NoPermission:
        return make_folder(CLONE / ".data" / "cache")


def make_folder(path: Path, *, owner: Account | None = None) -> Path:
    """``path``, created with its parents when missing and then owned by ``owner`` or by us.

    A folder of ours can be entered, not read, by an account we lend: what it may touch in there is handed to it piece
    by piece, so that it can't plant a link for us to follow. Raises EmbeddedError in one line.
    """
    try:
        if not path.is_dir():  # the mode of a folder somebody chose for us is theirs to decide
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(exist_ok=True)
            path.chmod(0o711 if server_account().lent and not owner else 0o700)
            if owner:
                owner.take(path)
        if not owner and not os.access(path, os.W_OK | os.X_OK):
            raise NoPermission(path=path, account=_me(), action="write to")
    except OSError as error:
        raise explain_os_error(error, path=path, account=_me()) from error
    return path


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on the file ``path`` (created; it names the holder). The kernel frees it when we die.

    Raises AlreadyRunning when another process holds it and ``wait`` is false.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise explain_os_error(error, path=path, account=_me()) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise AlreadyRunning(
                folder=path.parent, pid=os.pread(descriptor, 20, 0).decode().strip() or "unknown"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _base_for_root() -> Path:
    if os.access(_ROOT_BASE, os.W_OK) or os.access(_ROOT_BASE.parent, os.W_OK):
        return make_folder(_ROOT_BASE)
    # A read-only system: the temporary folder, under a name that only root could have made.
    base = make_folder(Path(tempfile.gettempdir()) / "kelmah-root")
    if base.stat().st_uid != 0:
        raise NoPermission(path=base, account="root", action="trust (another user made it)")
    return base


def _me() -> str:
    return "root" if os.geteuid() == 0 else server_account().name
