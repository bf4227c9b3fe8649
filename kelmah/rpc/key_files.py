"""Keys of callers in files that running processes read again when they change: rotated without a restart.

A folder holds one file per domain, ``payments.json``: ``{"contracts": ["newest", "previous"], …}`` with its own keys
and those of the domains that call it or tell it events, which it needs to prove them. Whoever steals it can speak for
these, and for nobody else. Of each list the first signs, and all verify.

``rotation`` beside them names the last step and the keys it is about, never keys: so that a step out of turn is refused
(``drop`` before ``sign`` would keep the old key), and one that was interrupted can be taken again.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from kelmah.secret_files import WatchedFile, write_secret

SETTLED_AFTER = 5.0  # seconds: every process has read the file by then

_STEP = "rotation"
_AFTER = {"drop": "add", "add": "sign", "sign": "drop"}

Keys = Mapping[str, Sequence[str]]


class KeyFile:
    """One process's view of its file. A file that can't be read leaves the last good one in force."""

    def __init__(self, path: Path) -> None:
        self._file = WatchedFile[Keys](path, read_keys, first={})

    def keys_of(self, caller: str) -> Sequence[str]:
        return self._file.content().get(caller, ())


@cache
def key_file(path: str) -> KeyFile:
    """The one view of this process."""
    return KeyFile(Path(path))


def read_keys(path: Path) -> Keys:
    """Raises ValueError for anything but lists of keys by caller."""
    found = json.loads(path.read_text())
    if not isinstance(found, dict) or not all(
        isinstance(keys, list) and keys and all(isinstance(key, str) and key for key in keys) for keys in found.values()
    ):
        raise ValueError(f"{path} must hold lists of keys by caller")
    return found


def new_folder(folder: Path, *, known: Mapping[str, Iterable[str]]) -> None:
    """Make a file per domain; ``known`` names, for each, the callers whose keys it needs."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = {caller: [_fresh()] for callers in known.values() for caller in callers}
    for domain, callers in known.items():
        _write(folder / f"{domain}.json", {caller: fresh[caller] for caller in sorted(callers)})


class OutOfTurn(Exception):
    """This step does not follow the last one that was taken."""


def add(folder: Path) -> None:
    """Let a fresh key of every caller be known everywhere. It signs nothing yet. Raises OutOfTurn."""
    _fresh_names(folder, step="add", follows="drop")
    # An interrupted add has given some of the files their second key: the others get the same.
    fresh = {caller: keys[-1] for file in _files(folder) for caller, keys in read_keys(file).items() if len(keys) > 1}
    _change(folder, lambda caller, keys: [keys[0], fresh.setdefault(caller, _fresh())])
    _write(folder / _STEP, {"step": "add", "fresh": {caller: name_of(key) for caller, key in fresh.items()}})


def sign(folder: Path) -> None:
    """Let the key that was added sign; the one before it still verifies. Raises OutOfTurn."""
    fresh = _fresh_names(folder, step="sign", follows="add")
    _change(folder, lambda caller, keys: sorted(keys, key=lambda key: name_of(key) != fresh[caller]))
    _write(folder / _STEP, {"step": "sign", "fresh": fresh})


def drop(folder: Path) -> None:
    """Forget every key but the one that signs. Raises OutOfTurn."""
    fresh = _fresh_names(folder, step="drop", follows="sign")
    _change(folder, lambda caller, keys: [key for key in keys if name_of(key) == fresh[caller]])
    _write(folder / _STEP, {"step": "drop", "fresh": {}})


def age(folder: Path) -> float:
    """Seconds since the last change of any file. Raises FileNotFoundError when there is none."""
    changed = [file.stat().st_mtime for file in _files(folder)]
    if not changed:
        raise FileNotFoundError(folder)
    return time.time() - max(changed)


def name_of(key: str) -> str:
    """What people may see of a key."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


# Private functions


def _fresh_names(folder: Path, *, step: str, follows: str) -> Mapping[str, str]:
    """By caller, the name of the key that is being introduced."""
    record = folder / _STEP
    last: dict[str, Any] = json.loads(record.read_text()) if record.exists() else {"step": "drop", "fresh": {}}
    if last["step"] != follows:
        raise OutOfTurn(f"{step} follows {follows}, and the last step was {last['step']}: now {_AFTER[last['step']]}")
    names: Mapping[str, str] = last["fresh"]
    return names


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _change(folder: Path, change: Callable[[str, Sequence[str]], list[str]]) -> None:
    for file in _files(folder):
        _write(file, {caller: change(caller, keys) for caller, keys in read_keys(file).items()})


def _write(file: Path, content: Mapping[str, Any]) -> None:
    write_secret(file, json.dumps(content))


def _fresh() -> str:
    return secrets.token_urlsafe(32)
