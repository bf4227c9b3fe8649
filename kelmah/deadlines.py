"""Deadlines as rows: claimed one by one, oldest first, each carried out once, however long the beat was down."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import uniform
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Q

from kelmah import clock
from kelmah.db import atomic
from kelmah.db.models import DeadlineBase
from kelmah.domain import model_of

log = structlog.get_logger(__name__)

Action = Callable[..., None]


def schedule(table: type[DeadlineBase], *, subject_id: UUID, kind: str, due_at: datetime, version: int) -> None:
    """Arm a deadline, or move the armed one of this subject and kind, in the transaction that changes the subject."""
    armed = table._default_manager.filter(subject_id=subject_id, kind=kind, done_at__isnull=True)
    changed = {"due_at": due_at, "subject_version": version, "attempts": 0, "retry_at": None, "last_error": ""}
    if not armed.update(**changed):
        table._default_manager.create(subject_id=subject_id, kind=kind, due_at=due_at, subject_version=version)


def cancel(table: type[DeadlineBase], *, subject_id: UUID, kind: str) -> None:
    """Disarm the deadline, if it is armed."""
    table._default_manager.filter(subject_id=subject_id, kind=kind, done_at__isnull=True).delete()


def run_due(domain: str, actions: Mapping[str, Action], *, limit: int = 1000, seconds: float = 60.0) -> int:
    """Carry out what is due, in order of its due time; returns how many were done.

    Not more than ``limit``, and none is begun after so many ``seconds``: the next tick goes on, while a worker that
    takes too long over its task is stopped in the midst of an action.
    Each runs in a transaction of its own together with its mark. An action gets ``subject_id`` and ``subject_version``,
    locks the subject, and does nothing when it has changed since. One that fails waits and blocks no other.
    """
    done = tried = 0
    until = time.monotonic() + seconds
    while tried < limit and time.monotonic() < until:
        outcome = _next(domain, actions)
        if outcome is None:
            break
        tried += 1
        done += outcome
    return done


# Private functions


def _next(domain: str, actions: Mapping[str, Action]) -> bool | None:
    table = model_of(domain, "Deadline")
    row = _claimed(table, domain, list(actions))
    if row is None:
        return None
    claimed = table._default_manager.filter(
        id=row.id, due_at=row.due_at, subject_version=row.subject_version, done_at__isnull=True
    )
    try:
        with atomic(domain):
            actions[row.kind](subject_id=row.subject_id, subject_version=row.subject_version)
            claimed.update(done_at=clock.now())  # nothing, when the action itself armed it anew
    except Exception as error:  # a process boundary: one bad subject must not stop the others
        with atomic(domain):
            claimed.update(last_error=f"{type(error).__name__}: {error}"[:2000])
        log.error("deadline_failed", domain=domain, kind=row.kind, subject_id=str(row.subject_id))
        return False
    return True


def _claimed(table: Any, domain: str, kinds: list[str]) -> Any:
    """The deadline to carry out next, put off until it would be tried again; None when nothing is due.

    A commit of its own: whoever changes a subject locks that first and its deadline after, so the row must not stay
    locked while the action waits for the subject. A crash of the runner frees the row when it is due again.
    """
    now = clock.now()
    with atomic(domain):
        # Two beats, two workers: SKIP LOCKED gives each another row.
        row = (
            table._default_manager.select_for_update(skip_locked=True)
            .filter(Q(retry_at__isnull=True) | Q(retry_at__lte=now), done_at__isnull=True, due_at__lte=now)
            .filter(kind__in=kinds)
            .order_by("due_at", "id")
            .first()
        )
        if row is not None:
            row.attempts += 1
            row.retry_at = now + timedelta(seconds=min(30 * 2.0**row.attempts, 3600) * uniform(0.5, 1))
            row.save(update_fields=["attempts", "retry_at"])
    return row
