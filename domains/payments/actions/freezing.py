"""A release that was approved while a bank wants the money back: it waits, and is carried out once that is over."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from domains.payments import queries
from domains.payments.actions import settling
from domains.payments.models import Deadline, Escrow
from domains.payments.queries import protected
from kelmah import clock, deadlines
from kelmah.db import atomic

RELEASE: Final = "release_when_free"
LOOK_AGAIN_AFTER: Final = timedelta(hours=1)


def put_off(escrow: Escrow) -> None:
    """Look again in an hour. The escrow's row is locked."""
    due_at = clock.now() + LOOK_AGAIN_AFTER
    deadlines.schedule(Deadline, subject_id=escrow.milestone_id, kind=RELEASE, due_at=due_at, version=1)


def release(*, subject_id: UUID, subject_version: int) -> None:
    """Pay the worker, if the bank let go or has won; nothing when it was settled otherwise meanwhile."""
    with atomic("payments"):
        escrow = queries.lock_escrow(subject_id)
        if escrow.settled_at is not None:
            return
        if escrow.state == "disputed" or protected.is_frozen(escrow):
            put_off(escrow)
        else:
            settling.settle(escrow, to_worker=escrow.held)
