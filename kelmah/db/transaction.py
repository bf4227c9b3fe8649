"""``atomic("<domain>")``: the only way to open a transaction.

Django's own ``transaction.atomic()`` guards the alias ``default``, which holds nothing here, and so protects nobody;
ruff bans it. This one knows its domain, refuses to reach across two domains, and lets ``publish`` and the RPC client
ask whether a transaction is open.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.db import transaction


class CrossDomainTransaction(RuntimeError):
    """A transaction of one domain was opened inside another's: what one process allows, two databases can't give."""


@dataclass
class _Open:
    domain: str
    before_commit: list[Callable[[], None]] = field(default_factory=list)


_current: ContextVar[_Open | None] = ContextVar("kelmah_open_transaction", default=None)
_rehearsing: ContextVar[bool] = ContextVar("kelmah_rehearsing", default=False)
_inherited: ContextVar[tuple[tuple[str, Callable[[], None]], ...]] = ContextVar("kelmah_before_commit", default=())


@contextmanager
def atomic(domain: str) -> Iterator[None]:
    """A transaction on the domain's database; inside an open one of the same domain, a savepoint.

    Raises CrossDomainTransaction inside another domain's transaction.
    """
    outer = _current.get()
    if outer is not None:
        if outer.domain != domain:
            raise CrossDomainTransaction(
                f"atomic({domain!r}) inside atomic({outer.domain!r}): publish an event, or ask before the transaction"
            )
        with transaction.atomic(using=domain):  # noqa: TID251 - the one place
            yield
        return
    here = _Open(domain, [fn for wanted, fn in _inherited.get() if wanted == domain])
    token = _current.set(here)
    try:
        with transaction.atomic(using=domain):  # noqa: TID251 - the one place
            yield
            for step in here.before_commit:
                step()
            if _rehearsing.get():
                transaction.set_rollback(True, using=domain)  # noqa: TID251 - the one place
    finally:
        _current.reset(token)


def in_atomic() -> str | None:
    """The domain whose transaction is open in this context, if one is."""
    here = _current.get()
    return here.domain if here else None


def before_commit(domain: str, step: Callable[[], None]) -> None:
    """Run ``step`` inside the open transaction of ``domain``, last thing before it commits. Raises RuntimeError."""
    here = _current.get()
    if here is None or here.domain != domain:
        raise RuntimeError(f"no transaction of {domain!r} is open here")
    here.before_commit.append(step)


@contextmanager
def with_every_commit(domain: str, step: Callable[[], None]) -> Iterator[None]:
    """While this block runs, every outermost ``atomic(domain)`` of this context runs ``step`` last."""
    token = _inherited.set((*_inherited.get(), (domain, step)))
    try:
        yield
    finally:
        _inherited.reset(token)


def run_on_commit(domain: str, step: Callable[[], None]) -> None:
    """Run ``step`` after the open transaction of ``domain`` commits: for hints that may be lost, nothing else."""
    transaction.on_commit(step, using=domain, robust=True)  # noqa: TID251 - the one place


@contextmanager
def rehearsal() -> Iterator[None]:
    """A dry run: every outermost transaction inside rolls back at its end, after all guards have run."""
    token = _rehearsing.set(True)
    try:
        yield
    finally:
        _rehearsing.reset(token)


def rehearsing() -> bool:
    """Whether this context is a dry run: what leaves for another process must say so."""
    return _rehearsing.get()
