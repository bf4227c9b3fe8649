"""Password hashing behind a gate: a storm of logins must leave the cores, and the threads, to everybody else.

So few are hashed at a time, few more wait, and the rest is told to come again. What anybody may ask for, without a
token, is besides answered by processes of low priority: ``kelmah.http.aside``.
"""

import secrets
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password

from domains.identity import rules
from kelmah import turns

PATIENCE = turns.PATIENCE

_turns = turns.Turns(at_once=settings.PASSWORD_HASHES_AT_ONCE, waiting=settings.PASSWORD_HASHES_WAITING)


def hash_new_password(password: str, *, role: str, context: Iterable[str]) -> str:
    """Argon2id of a password that is good enough, in its turn. Raises InvalidInput, Unavailable when too many wait."""
    with turn():
        return make_password(rules.check_password_strength(password, role=role, context=context))


def hash_unknown_password() -> str:
    """Of a password that nobody knows. Raises Unavailable."""
    with turn():
        return make_password(secrets.token_urlsafe(32))


def is_password(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one; takes as long when there is none. Raises Unavailable."""
    with turn():
        nobodys = _nobodys()  # made by the first login of the process, whoever's it is
        return check_password(rules.normal_password(password), stored or nobodys) and stored is not None


def check_room() -> None:
    """Raises Unavailable when nobody more can wait: to be asked before anything else is done for a login."""
    _turns.check_room()


def turn() -> AbstractContextManager[None]:
    """The right to use a core for a password. Raises Unavailable when too many wait for it, or it takes too long."""
    return _turns.take(patience=PATIENCE)


# Private functions


@cache
def _nobodys() -> str:
    return make_password("of nobody")
