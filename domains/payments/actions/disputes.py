"""What two sides disagree about is frozen until it is decided; the case itself is not kept here."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError

from domains.payments import queries, rules
from domains.payments.actions import freezing, settling
from domains.payments.actions.ledger import Line, post
from domains.payments.actions.reviews import run_clock
from domains.payments.models import Deadline, DisputedFunds, Escrow
from domains.payments.queries import protected
from kelmah import clock, deadlines
from kelmah.db import atomic
from kelmah.errors import Conflict, InvalidTransition, NotFound
from kelmah.money import Money

DECIDE: Final = "decide_when_free"


def freeze(*, dispute_id: UUID, milestone_id: UUID) -> Escrow:
    """All that is still held waits for the end of this dispute, and the clock stops. Twice is once.

    Raises NotFound, InvalidTransition (settled already, or disputed by another case).
    """
    with atomic("payments"):
        escrow = queries.lock_escrow(milestone_id)  # the clock, an approval or a part may be here at this moment
        known = DisputedFunds.objects.filter(id=dispute_id).first()
        if known is not None:
            if known.escrow_id != milestone_id:
                raise _about_something_else()
            return escrow
        escrow.state = rules.ESCROW.check("freeze", escrow.state)
        _keep(dispute_id, escrow)
        lines = [
            Line(rules.escrow(milestone_id), -escrow.held),
            Line(rules.disputed(dispute_id), escrow.held),
        ]
        post(key=f"dispute:{dispute_id}:freeze", kind="dispute_freeze", lines=lines, reference=_reference(escrow))
        escrow.save_change("state", "review_ends_at")
    return escrow


def unfreeze(*, dispute_id: UUID) -> Escrow:
    """The dispute was withdrawn: the money is held as before, and the clock goes on with what it had left.

    Twice is once. Raises NotFound, InvalidTransition (it was decided).
    """
    with atomic("payments"):
        escrow, dispute = protected.lock_disputed(dispute_id)
        if dispute.state == "withdrawn":
            return escrow
        _check_no_award(dispute)
        _end(dispute, "withdraw")
        escrow.state = rules.ESCROW.check("unfreeze", escrow.state)
        lines = [
            Line(rules.disputed(dispute_id), -escrow.held),
            Line(rules.escrow(escrow.milestone_id), escrow.held),
        ]
        post(key=f"dispute:{dispute_id}:unfreeze", kind="dispute_unfreeze", lines=lines, reference=_reference(escrow))
        if dispute.review_left is not None:
            run_clock(escrow, until=clock.now() + max(dispute.review_left, timedelta()))
        escrow.save_change("state", "review_ends_at")
    return escrow


def decide(*, dispute_id: UUID, to_worker: Money) -> Escrow:
    """``to_worker`` of what is frozen goes to the worker, less the fee, the rest to the hirer, in one transaction.

    The same decision twice is once. Raises NotFound, MoreThanHeld, FundsFrozen, InvalidTransition (it was withdrawn, or
    decided otherwise).
    """
    with atomic("payments"):
        escrow, dispute = protected.lock_disputed(dispute_id)
        if dispute.state == "decided" and protected.is_settled_so(escrow, to_worker):
            return escrow
        _check_no_award(dispute, but=to_worker)
        _end(dispute, "decide")
        settling.settle(escrow, to_worker=to_worker, dispute=dispute)
    return escrow


def freeze_unsettled(*, dispute_id: UUID, milestone_id: UUID) -> None:
    """As ``freeze``, for a dispute that was told of: of an escrow that is settled nothing is left to freeze.

    Raises NotFound, InvalidTransition.
    """
    with atomic("payments"):
        if queries.lock_escrow(milestone_id).settled_at is None:
            freeze(dispute_id=dispute_id, milestone_id=milestone_id)


def unfreeze_frozen(*, dispute_id: UUID, milestone_id: UUID) -> None:
    """As ``unfreeze``; nothing for a dispute that came too late to freeze anything.

    Raises NotFound, InvalidTransition; NotFound also while its opening was not heard: then it must be tried again.
    """
    with atomic("payments"):
        if _froze(dispute_id, milestone_id):
            unfreeze(dispute_id=dispute_id)


def decide_frozen(*, dispute_id: UUID, milestone_id: UUID, to_worker: Money) -> None:
    """As ``decide``; nothing for a dispute that came too late to freeze anything.

    What it gives the worker while a bank wants the money back is kept, and paid once that is over. Raises NotFound (as
    ``unfreeze_frozen``), MoreThanHeld, InvalidTransition.
    """
    with atomic("payments"):
        if not _froze(dispute_id, milestone_id):
            return
        escrow, dispute = protected.lock_disputed(dispute_id)
        if dispute.state == "frozen" and to_worker.minor and protected.is_frozen(escrow):
            _put_off(dispute, escrow, to_worker)
        else:
            decide(dispute_id=dispute_id, to_worker=to_worker)


def decide_when_free(*, subject_id: UUID, subject_version: int) -> None:
    """Carry out a decision that waits, if the bank let go or has won; look again in an hour while it has not."""
    with atomic("payments"):
        escrow, dispute = protected.lock_disputed(subject_id)
        if dispute.state != "frozen" or dispute.award_minor is None:
            return
        award = Money(dispute.award_minor, escrow.currency)
        if protected.is_frozen(escrow):
            _look_again(dispute)
        else:
            decide(dispute_id=subject_id, to_worker=award)


# Private functions


def _keep(dispute_id: UUID, escrow: Escrow) -> None:
    try:
        DisputedFunds.objects.create(
            id=dispute_id,
            escrow=escrow,
            amount_minor=escrow.held.minor,
            review_left=settling.stop_clock(escrow),
            frozen_at=clock.now(),
        )
    except IntegrityError:  # the same dispute froze another milestone at this moment
        raise _about_something_else() from None


def _about_something_else() -> Conflict:
    return Conflict("This dispute is about something else.")


def _froze(dispute_id: UUID, milestone_id: UUID) -> bool:
    """False when the escrow was settled before the dispute could freeze it. Raises NotFound while nobody knows.

    A contract's events come in order to each handler, not across them: an end may be heard before its opening, and
    were it let go by, the money would be frozen for ever.
    """
    escrow = queries.lock_escrow(milestone_id)  # the opening may be heard at this moment
    if DisputedFunds.objects.filter(id=dispute_id).exists():
        return True
    if escrow.settled_at is None:
        raise NotFound("Nobody has told of this dispute yet.")
    return False


def _put_off(dispute: DisputedFunds, escrow: Escrow, to_worker: Money) -> None:
    settling.check_amount(to_worker, escrow.held)
    if to_worker > escrow.held:
        raise rules.MoreThanHeld()
    _check_no_award(dispute, but=to_worker)
    dispute.state, dispute.award_minor = rules.DISPUTED.check("put_off", dispute.state), to_worker.minor
    dispute.save_change("state", "award_minor")
    _look_again(dispute)


def _look_again(dispute: DisputedFunds) -> None:
    due_at = clock.now() + freezing.LOOK_AGAIN_AFTER
    deadlines.schedule(Deadline, subject_id=dispute.id, kind=DECIDE, due_at=due_at, version=1)


def _check_no_award(dispute: DisputedFunds, *, but: Money | None = None) -> None:
    """Raises InvalidTransition when a decision waits, unless it is this one."""
    if dispute.state == "frozen" and dispute.award_minor not in (None, but.minor if but else None):
        raise InvalidTransition("This dispute is decided: it waits for the bank of whoever paid.")


def _end(dispute: DisputedFunds, step: str) -> None:
    dispute.state, dispute.ended_at = rules.DISPUTED.check(step, dispute.state), clock.now()
    dispute.save_change("state", "ended_at")


def _reference(escrow: Escrow) -> dict[str, str | None]:
    return settling.reference(escrow.milestone_id, None)
