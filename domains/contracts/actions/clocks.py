"""The clock of a review: silence after a submission accepts the work.

The milestone's row is locked, and saved by the caller.
"""

from datetime import datetime, timedelta

from domains.contracts.models import Deadline, Milestone
from kelmah import clock, deadlines

AUTO_APPROVE = "auto_approve"


def start(milestone: Milestone, *, until: datetime) -> None:
    """Silence until then accepts the last submission."""
    milestone.auto_approve_at = until
    # By the number of the submission, not by the row's version: a part paid meanwhile must not stop the clock.
    deadlines.schedule(
        Deadline,
        subject_id=milestone.id,
        kind=AUTO_APPROVE,
        due_at=until,
        version=milestone.revisions + 1,
    )


def stop(milestone: Milestone) -> timedelta | None:
    """Silence accepts nothing any more; returns what the clock had left, None when it did not run."""
    if milestone.auto_approve_at is None:
        return None
    left = max(milestone.auto_approve_at - clock.now(), timedelta())
    milestone.auto_approve_at = None
    deadlines.cancel(Deadline, subject_id=milestone.id, kind=AUTO_APPROVE)
    return left
