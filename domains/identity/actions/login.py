"""Proving who one is with a password."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.utils.crypto import salted_hmac

from domains.identity import queries, rules
from domains.identity.actions.hashing import is_password
from domains.identity.actions.sessions import Device, IssuedTokens, open_session
from domains.identity.models import LoginGuard, User
from kelmah import clock
from kelmah.db import atomic

T = TypeVar("T")


def log_in(*, login: str, password: str, device: Device) -> IssuedTokens:
    """A session for whoever knows the password of the account. Raises as ``admit`` does."""
    return admit(login=login, password=password, then=lambda user: finish_login(user, device, amr=("pwd",)))


def finish_login(user: User, device: Device, *, amr: tuple[str, ...]) -> IssuedTokens:
    """What follows when somebody has shown who they are, in whatever way: ``amr`` says how (RFC 8176).

    Inside the transaction of that proof, the user's row locked.
    """
    return open_session(user, device, amr=amr)


def log_in_staff(*, email: str, password: str) -> User:
    """Whoever may enter the staff desk. Raises as ``admit`` does, for everybody else too."""

    def only_staff(user: User) -> User:
        if not user.is_staff:
            raise rules.LoginFailed()
        return user

    return admit(login=email, password=password, then=only_staff)


def admit(*, login: str, password: str, then: Callable[[User], T]) -> T:
    """``then(user)``, inside the transaction that finds the password right and the account open.

    Five wrong passwords lock the account for half an hour. Unknown, locked, suspended and wrong answer the same, after
    the same work: one Argon2id and one counted failure, of an account or of a login that nobody has.
    Raises LoginFailed, Unavailable.
    """
    seen = queries.user_by_login(login)
    right = is_password(password, seen.password if seen else None)
    with atomic("identity"):
        # Parallel guesses stand in line here, so that the sixth is refused even when it was right.
        guard = _lock_guard(f"user:{seen.id}" if seen else _key_of_nobody(login))
        locked = rules.is_locked(guard.locked_until, now=clock.now())
        user = queries.lock_user(seen.id) if seen and right and not locked else None
        # A password changed, or an account suspended, since it was looked at counts.
        if user and seen and user.is_active and user.password == seen.password:
            _write(guard, failures=0, locked_until=None)
            user.last_login = clock.now()
            user.save(update_fields=["last_login"])
            return then(user)
        if not locked:
            _count_failure(guard)
    raise rules.LoginFailed()


# Private functions


def _lock_guard(key: str) -> LoginGuard:
    guard = None
    while guard is None:  # the daily sweep may take the row away between the two statements
        LoginGuard.objects.bulk_create([LoginGuard(key=key)], ignore_conflicts=True)
        guard = LoginGuard.objects.select_for_update().filter(key=key).first()
    return guard


def _key_of_nobody(login: str) -> str:
    """Logins that nobody has are kept as hashes: people type passwords and other people's addresses there."""
    digest = salted_hmac("kelmah.identity.login", login.strip().casefold(), algorithm="sha256")
    return f"login:{digest.hexdigest()}"


def _count_failure(guard: LoginGuard) -> None:
    now = clock.now()
    failures, locked_until = rules.after_failure(guard.failures, guard.last_failed_at, now=now)
    guard.last_failed_at = now
    _write(guard, failures=failures, locked_until=locked_until)


def _write(guard: LoginGuard, *, failures: int, locked_until: datetime | None) -> None:
    guard.failures, guard.locked_until = failures, locked_until
    guard.save(update_fields=["failures", "last_failed_at", "locked_until"])
