"""Deadlines under marketplace's own table: order, failures, arming anew, and two beats at once."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domains.marketplace.models import Deadline
from kelmah import clock, deadlines
from kelmah.db import atomic
from kelmah.ids import new_id


def arm(kind: str = "ring", *, minutes: float = 0, subject_id: UUID | None = None, version: int = 1) -> UUID:
    subject_id = subject_id or new_id()
    with atomic("marketplace"):
        due_at = clock.now() + timedelta(minutes=minutes)
        deadlines.schedule(Deadline, subject_id=subject_id, kind=kind, due_at=due_at, version=version)
    return subject_id


class Bell:
    """An action that remembers, and does what else it is told."""

    def __init__(self, also: Callable[[UUID], None] = lambda subject_id: None) -> None:
        self.rung: list[UUID] = []
        self._also = also

    def __call__(self, *, subject_id: UUID, subject_version: int) -> None:
        self._also(subject_id)
        self.rung.append(subject_id)


@pytest.mark.domain("marketplace")
class TestOneBeat:
    def test_what_is_due_is_done_in_order_and_once(self) -> None:
        later, sooner, future = arm(minutes=-1), arm(minutes=-5), arm(minutes=5)
        bell = Bell()
        assert deadlines.run_due("marketplace", {"ring": bell}) == 2
        assert deadlines.run_due("marketplace", {"ring": bell}) == 0
        assert bell.rung == [sooner, later]
        assert Deadline.objects.get(done_at__isnull=True).subject_id == future

    def test_one_tick_begins_no_more_after_its_time_and_the_next_goes_on(self) -> None:
        """A worker is stopped in the midst of an action when its task takes longer than its limit."""
        armed = [arm(minutes=-minute) for minute in (5, 4, 3)]
        bell = Bell(lambda subject_id: time.sleep(0.05))
        assert deadlines.run_due("marketplace", {"ring": bell}, seconds=0.01) == 1
        assert bell.rung == armed[:1]
        assert deadlines.run_due("marketplace", {"ring": bell}) == 2
        assert bell.rung == armed

    def test_one_that_fails_blocks_no_other_and_is_tried_again(self, clock: Any) -> None:
        bad, good = arm(minutes=-5), arm(minutes=-1)

        def fail(subject_id: UUID) -> None:
            if subject_id == bad:
                raise RuntimeError("broken clapper")

        assert deadlines.run_due("marketplace", {"ring": Bell(fail)}) == 1
        row = Deadline.objects.get(subject_id=bad)
        assert (row.attempts, row.last_error, row.done_at) == (1, "RuntimeError: broken clapper", None)
        mended = Bell()
        assert deadlines.run_due("marketplace", {"ring": mended}) == 0
        clock.advance(minutes=2)
        assert deadlines.run_due("marketplace", {"ring": mended}) == 1
        assert mended.rung == [bad]
        assert Deadline.objects.get(subject_id=good).done_at is not None

    def test_an_action_may_arm_its_own_deadline_anew(self, clock: Any) -> None:
        subject_id = arm(minutes=-1)
        bell = Bell(lambda subject_id: arm(minutes=60, subject_id=subject_id, version=2) and None)
        assert deadlines.run_due("marketplace", {"ring": bell}) == 1
        row = Deadline.objects.get(subject_id=subject_id)
        assert (row.done_at, row.subject_version, row.attempts) == (None, 2, 0)
        clock.advance(minutes=61)
        assert deadlines.run_due("marketplace", {"ring": Bell()}) == 1

    def test_an_action_may_cancel_its_own_deadline(self) -> None:
        subject_id = arm(minutes=-1)
        bell = Bell(lambda subject_id: deadlines.cancel(Deadline, subject_id=subject_id, kind="ring"))
        assert deadlines.run_due("marketplace", {"ring": bell}) == 1
        assert bell.rung == [subject_id]
        assert not Deadline.objects.exists()


@pytest.mark.domain("marketplace", transaction=True)
def test_of_many_beats_at_once_each_deadline_is_done_by_one(race: Callable[..., list[Any]]) -> None:
    subjects = [arm(minutes=-number) for number in range(1, 21)]
    bell = Bell()
    assert sum(race(lambda: deadlines.run_due("marketplace", {"ring": bell}), 4)) == 20
    assert sorted(bell.rung) == sorted(subjects)
    assert not Deadline.objects.filter(done_at__isnull=True).exists()
