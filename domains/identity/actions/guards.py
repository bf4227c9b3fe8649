"""Counting wrong tries: whoever guesses stands in line at a row, and is locked out after five."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from domains.identity import rules
from domains.identity.models import LoginGuard
from kelmah import clock
from kelmah.events.publish import enqueue
from kelmah.http.address import block_of
from kelmah.http.throttling import LimitReached, check_left, take_one

# ON CONFLICT DO NOTHING would neither lock nor return the row that is there.
_MAKE_OR_LOCK = """
INSERT INTO identity_loginguard AS guard (key, failures) VALUES (%s, 0)
ON CONFLICT (key) DO UPDATE SET failures = guard.failures
RETURNING *
"""


def lock_guard(key: str) -> LoginGuard:
    """The guard of that key, locked until the transaction ends, and made if it isn't there. First of all locks.

    One statement whether it was there or not: who has an account, or logged in of late, is not told by the time.
    """
    [guard] = LoginGuard.objects.raw(_MAKE_OR_LOCK, [key])
    return guard


def is_locked(guard: LoginGuard) -> bool:
    return rules.is_locked(guard.locked_until, now=clock.now())


def count_failure(guard: LoginGuard) -> bool:
    """One more wrong try; whether it was the one that locks. Not to be called while locked.

    Who is behind the key, and to be told of a lock, is looked up by a task: it costs the same for nobody's login.
    """
    now = clock.now()
    guard.failures, guard.locked_until = rules.after_failure(guard.failures, guard.last_failed_at, now=now)
    guard.last_failed_at = now
    guard.save(update_fields=["failures", "last_failed_at", "locked_until"])
    if guard.locked_until is not None:
        enqueue("identity.answer_lock", key=guard.key)
    return guard.locked_until is not None


def forgive(guard: LoginGuard) -> None:
    """Somebody has shown that it was them."""
    if not guard.failures and guard.locked_until is None:
        return
    guard.failures, guard.locked_until = 0, None
    guard.save(update_fields=["failures", "locked_until"])


@contextmanager
def counting_failures(ip: str | None) -> Iterator[None]:
    """Around a login with a password: failures of one caller count over all accounts together.

    Lists of stolen passwords are tried at many accounts, once each, so that none of them ever locks. Raises
    LimitReached, before anything is looked at; Unavailable.
    """
    caller = block_of(ip)
    check_left("login_failures", caller)
    try:
        yield
    except rules.LoginFailed:
        with suppress(LimitReached):  # by others at the same time
            take_one("login_failures", caller)
        raise
