"""Counting wrong tries: whoever guesses stands in line at a row, and is locked out after five."""

from domains.identity import rules
from domains.identity.models import LoginGuard
from kelmah import clock
from kelmah.events.publish import enqueue


def lock_guard(key: str) -> LoginGuard:
    """The guard of that key, locked until the transaction ends, and made if it isn't there. First of all locks."""
    guard = None
    while guard is None:  # the daily sweep may take the row away between the two statements
        LoginGuard.objects.bulk_create([LoginGuard(key=key)], ignore_conflicts=True)
        guard = LoginGuard.objects.select_for_update().filter(key=key).first()
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
    guard.failures, guard.locked_until = 0, None
    guard.save(update_fields=["failures", "locked_until"])
