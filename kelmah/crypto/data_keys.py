"""The data keys of a domain's subjects: made at the first seal, kept for seconds, destroyed for ever.

A key that was destroyed in another process can still read here for ``KEPT_FOR`` seconds, and never seals: sealing asks
the table each time.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

from kelmah import clock
from kelmah.crypto.errors import Shredded, Tampered
from kelmah.crypto.key_file import KEY_BYTES
from kelmah.crypto.kms import kms_of
from kelmah.db import atomic, in_atomic, run_on_commit
from kelmah.domain import model_of

KEPT_FOR = 5.0  # seconds
_KEPT_AT_MOST = 4096


class DataKey(NamedTuple):
    """An unwrapped key, and which of its subject's it is."""

    generation: int
    key: bytes

    def __repr__(self) -> str:
        return f"DataKey({self.generation})"


Name = tuple[UUID, int]  # a subject and a generation


class _Kept:
    """Unwrapped keys of this process. Nothing that an open transaction has seen gets here: it may be rolled back."""

    def __init__(self) -> None:
        self._keys: OrderedDict[tuple[str, UUID, int], tuple[float, bytes, bytes]] = OrderedDict()
        self._lock = Lock()

    def find(self, domain: str, name: Name, *, wrapped: bytes | None = None) -> bytes | None:
        """The key; of ``wrapped`` only, if that is known."""
        found = self._keys.get((domain, *name))
        if found is None or found[0] < time.monotonic() or wrapped not in (None, found[1]):
            return None
        return found[2]

    def keep(self, domain: str, name: Name, *, wrapped: bytes, key: bytes) -> None:
        with self._lock:
            self._keys[(domain, *name)] = (time.monotonic() + KEPT_FOR, wrapped, key)
            self._keys.move_to_end((domain, *name))
            while len(self._keys) > _KEPT_AT_MOST:
                self._keys.popitem(last=False)

    def forget(self, domain: str, subject: UUID) -> None:
        with self._lock:
            for name in [name for name in self._keys if name[:2] == (domain, subject)]:
                del self._keys[name]


_kept = _Kept()


def sealing_key(domain: str, subject: UUID) -> DataKey:
    """The subject's newest key, made when there is none. Must be asked inside ``atomic(domain)``. Raises Shredded."""
    if in_atomic() != domain:
        raise RuntimeError(f"seal inside atomic({domain!r}): the key and what it seals must commit together")
    row = _newest(domain, subject)
    if row is None:
        _insert(domain, subject, generation=1)
        row = _newest(domain, subject)  # ours, or that of whoever was first
    return DataKey(row.generation, _unwrapped(domain, row))


def reading_key(domain: str, subject: UUID, generation: int) -> bytes:
    """Raises Shredded, Tampered."""
    found = reading_keys(domain, [(subject, generation)])[subject, generation]
    if found is None:
        raise Shredded()
    return found


def reading_keys(domain: str, names: Iterable[Name]) -> Mapping[Name, bytes | None]:
    """Many by one query; None where it was destroyed. Raises Tampered for one that never was."""
    wanted = set(names)
    found: dict[Name, bytes | None] = {name: _kept.find(domain, name) for name in wanted}
    missing = {name for name, key in found.items() if key is None}
    if missing:
        for row in _table(domain).filter(subject_id__in={subject for subject, _ in missing}):
            name = (row.subject_id, row.generation)
            if name in missing:
                missing.discard(name)
                found[name] = None if row.wrapped is None else _unwrapped(domain, row)
    if missing:
        raise Tampered("These bytes were sealed under a key that the subject never had.")
    return found


def shred(domain: str, *, subject: UUID) -> None:
    """Destroy all keys of the subject for ever; without keys, leave a stone, so that none is made. Twice is once."""
    with atomic(domain):
        now = clock.now()
        stone = _model(domain)(subject_id=subject, generation=1, created_at=now, shredded_at=now)
        _model(domain)._default_manager.bulk_create([stone], ignore_conflicts=True)
        _lock(domain, subject)  # a new generation that is being made must be seen by the update
        _table(domain).filter(subject_id=subject, shredded_at__isnull=True).update(
            wrapped=None, kek="", shredded_at=now
        )
        run_on_commit(domain, lambda: _kept.forget(domain, subject))
    _kept.forget(domain, subject)


def renew(domain: str, *, subject: UUID) -> int:
    """Give the subject a newer key, which seals from now on; returns its generation. Raises Shredded."""
    with atomic(domain):
        _lock(domain, subject)  # two renewals at once, and a shredding
        row = _newest(domain, subject)
        if row is None or row.wrapped is None:
            raise Shredded()
        _insert(domain, subject, generation=row.generation + 1)
        return int(row.generation) + 1


def context_of(domain: str, subject: UUID, generation: int) -> bytes:
    """What binds a wrapped key to its row."""
    return f"kelmah.datakey.v1|{domain}|{subject}|{generation}".encode()


# Private functions


def _model(domain: str) -> Any:
    return model_of(domain, "DataKey")


def _table(domain: str) -> Any:
    return _model(domain)._default_manager.all()


def _newest(domain: str, subject: UUID) -> Any:
    return _table(domain).filter(subject_id=subject).order_by("-generation").first()


def _lock(domain: str, subject: UUID) -> None:
    """The first generation stands for all."""
    list(_table(domain).select_for_update().filter(subject_id=subject, generation=1).values_list("id"))


def _insert(domain: str, subject: UUID, *, generation: int) -> None:
    context = context_of(domain, subject, generation)
    kek, wrapped = kms_of(domain).wrap(secrets.token_bytes(KEY_BYTES), context=context)
    row = _model(domain)(subject_id=subject, generation=generation, wrapped=wrapped, kek=kek, created_at=clock.now())
    # Two first seals at once: the second waits here for the first to commit, and then takes its key.
    _model(domain)._default_manager.bulk_create([row], ignore_conflicts=True)


def _unwrapped(domain: str, row: Any) -> bytes:
    if row.wrapped is None:
        raise Shredded()
    name, wrapped = (row.subject_id, row.generation), bytes(row.wrapped)
    key = _kept.find(domain, name, wrapped=wrapped)
    if key is None:
        key = kms_of(domain).unwrap(row.kek, wrapped, context=context_of(domain, *name))
        if in_atomic() is None:
            _kept.keep(domain, name, wrapped=wrapped, key=key)
    return key
