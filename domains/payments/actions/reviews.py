"""The clock of a review: silence after work was handed in pays for it."""

from datetime import datetime, timedelta
from uuid import UUID

from domains.payments import queries, rules
from domains.payments.actions import freezing, settling
from domains.payments.models import Deadline, Escrow
from domains.payments.queries import protected
from kelmah import clock, deadlines
from kelmah.db import atomic


def start_review(*, milestone_id: UUID, submission: int) -> Escrow:
    """Work was handed in for the ``submission``th time: unless it is stopped, silence releases after the plan's hours.

    A submission heard again, or one older than the last, changes nothing. Raises NotFound, InvalidTransition, NoReview.
    """
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)
        if submission <= escrow.submission:
            return escrow
        rules.ESCROW.check("release_in_silence", escrow.state)
        if escrow.review_hours is None:
            raise rules.NoReview()
        escrow.submission = submission
        run_clock(escrow, until=clock.now() + timedelta(hours=escrow.review_hours))
        escrow.save_change("submission", "review_ends_at")
    return escrow


def stop_review(*, milestone_id: UUID, submission: int) -> Escrow:
    """Changes were requested of this submission: its silence pays nothing any more, not after a dispute either.

    An older one changes nothing. Raises NotFound.
    """
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)  # the clock may be firing: whoever comes second finds it done
        if submission >= escrow.submission and _runs(escrow):
            escrow.submission = submission
            settling.stop_clock(escrow)
            for dispute in escrow.disputes.filter(state="frozen"):  # the escrow's lock guards it, too
                dispute.review_left = None
                dispute.save_change("review_left")
            escrow.save_change("submission", "review_ends_at")
    return escrow


def release_in_silence(*, subject_id: UUID, subject_version: int) -> None:
    """The review is over. Nothing when it was stopped, moved, frozen or settled, or work was handed in anew; an hour
    more while a bank wants the money back."""
    with atomic("payments"):
        escrow = queries.lock_escrow(subject_id)
        ends_at = escrow.review_ends_at
        if ends_at is None or ends_at > clock.now() or escrow.submission != subject_version:
            return
        if protected.is_frozen(escrow):
            run_clock(escrow, until=clock.now() + freezing.LOOK_AGAIN_AFTER)
            escrow.save_change("review_ends_at")
        else:
            settling.settle(escrow, to_worker=escrow.held, in_silence=True)


def run_clock(escrow: Escrow, *, until: datetime) -> None:
    """Arm the clock of the last submission, or move it. The escrow's row is locked; the caller saves it."""
    escrow.review_ends_at = until
    deadlines.schedule(
        Deadline, subject_id=escrow.milestone_id, kind=settling.AUTO_RELEASE, due_at=until, version=escrow.submission
    )


# Private functions


def _runs(escrow: Escrow) -> bool:
    """Whether silence is counted, or would be again once a dispute is withdrawn."""
    return (
        escrow.review_ends_at is not None or escrow.disputes.filter(state="frozen", review_left__isnull=False).exists()
    )
