"""Folders of test servers. One that its process left behind, however it died, is removed by the next process."""

import fcntl
import os
import secrets
import shutil
from pathlib import Path

from kelmah.embedded.folders import cache_folder, locked, make_folder

_MARK = "owned"
_held: dict[Path, int] = {}


def new_folder(purpose: str) -> Path:
    """A fresh folder, ours until ``discard`` or until this process ends."""
    shelf = make_folder(cache_folder() / "scratch")
    with locked(cache_folder() / "scratch.lock"):  # nobody may sweep between our mkdir and our mark
        for left in shelf.iterdir():
            if not _is_owned(left):
                shutil.rmtree(left, ignore_errors=True)
        folder = make_folder(shelf / f"{purpose}-{secrets.token_hex(4)}")
        _held[folder] = os.open(folder / _MARK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(_held[folder], fcntl.LOCK_EX)
    return folder


def discard(folder: Path) -> None:
    """Delete a folder made by ``new_folder``. A second time does nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    descriptor = _held.pop(folder, None)
    if descriptor is not None:
        os.close(descriptor)


def _is_owned(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _MARK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
