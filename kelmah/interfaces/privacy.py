"""People's data in all domains: who keeps what, and how the end of it, or a copy, is asked for and answered.

A domain takes part by a module ``kelmah/interfaces/<domain>/privacy.py`` with ``KEEPS``, an event ``PersonAnswered``
among its ``events``, and a handler of identity's ``PersonAsked``. Nothing else names it: a new domain brings its part
along. Plain Python.
"""

import pkgutil
from dataclasses import dataclass
from importlib import import_module  # noqa: TID251 - of the shelf of interfaces
from importlib.util import find_spec
from typing import Any, Final
from uuid import UUID

import kelmah.interfaces

ERASED: Final = "[erased]"  # what stands where somebody's words stood and something has to stand

# What a domain is asked for. ``check``: whether anything stands against an erasure. ``erase``: to do it. ``sweep``:
# once more, when every domain has, for what was still on its way between them. ``export``: a copy of everything.
STEPS: Final = ("export", "check", "erase", "sweep")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Something that a domain keeps about people, and what becomes of it when somebody is erased."""

    what: str
    on_erasure: str


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Why somebody can't be erased yet. ``reason`` is a code, ``count`` how many such things there are: no word about
    the person in either."""

    reason: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Of each domain that takes part, one of ``STEPS`` for one person, in the course of one request of theirs."""

    request_id: UUID
    user_id: UUID
    step: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a domain did: the receipt. ``holds``: why it did nothing. ``counts``: rows by kind, never their content."""

    request_id: UUID
    user_id: UUID
    step: str
    holds: list[Hold]
    counts: dict[str, int]


def keepers() -> tuple[str, ...]:
    """The domains on the shelf that keep something about people, besides identity, which asks them."""
    shelf = (package.name for package in pkgutil.iter_modules(kelmah.interfaces.__path__) if package.ispkg)
    return tuple(sorted(name for name in shelf if name != "identity" and _module(name)))


def kept_by(domain: str) -> tuple[Kept, ...]:
    """What a domain declares to keep; nothing where it declares nothing."""
    name = _module(domain)
    return tuple(import_module(name).KEEPS) if name else ()


def answer_of(domain: str) -> Any:
    """The event by which a domain answers: a subclass of ``Answered``."""
    return import_module(f"kelmah.interfaces.{domain}.events").PersonAnswered


# Private functions


def _module(domain: str) -> str | None:
    name = f"kelmah.interfaces.{domain}.privacy"
    return name if find_spec(name) else None
