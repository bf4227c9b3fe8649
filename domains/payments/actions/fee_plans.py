"""What the platform takes is data: proposed by one of the staff with a reason, put in force by another."""

from dataclasses import dataclass

from django.db import IntegrityError
from django.db.models import Max

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.models import FeePlan
from domains.payments.queries import protected
from domains.payments.rules.errors import FourEyes
from kelmah import clock
from kelmah.db import atomic


@dataclass(frozen=True, kw_only=True)
class Terms:
    """A version of a plan as somebody wants it. ``review_hours`` None: the calendar of weeks says when."""

    name: str
    basis_points: int
    review_hours: int | None
    pending_hours: int


def propose(terms: Terms, *, ruling: Ruling) -> FeePlan:
    """A next version, in force only once somebody else approves it. Raises ReasonMissing, PlanKnown, WaitTooLong."""
    rules.check_waits(terms.review_hours, terms.pending_hours)
    try:
        with atomic("payments"):
            newest = FeePlan.objects.filter(name=terms.name).aggregate(newest=Max("version"))["newest"] or 0
            plan = FeePlan.objects.create(
                name=terms.name,
                version=newest + 1,
                basis_points=terms.basis_points,
                review_hours=terms.review_hours,
                pending_hours=terms.pending_hours,
                reason=ruling.reason.strip(),
                proposed_by=ruling.by,
                proposed_at=clock.now(),
            )
            keep_ruling(ruling, kind="fee_plan.propose", subject_id=plan.pk)
    except IntegrityError as error:
        if queries.broken_constraint(error) not in ("fee_plan_one_proposed", "fee_plan_version"):
            raise
        raise rules.PlanKnown() from None  # of two who propose at once, one does
    return plan


def approve(*, plan_pk: int, ruling: Ruling) -> FeePlan:
    """From now on escrows are funded under this version; those funded before keep theirs.

    Raises NotFound, FourEyes, ReasonMissing, InvalidTransition.
    """
    return _decide(plan_pk, "approve", ruling)


def decline(*, plan_pk: int, ruling: Ruling) -> FeePlan:
    """The version never comes into force; whoever proposed it may decline it, too.

    Raises NotFound, ReasonMissing, InvalidTransition.
    """
    return _decide(plan_pk, "decline", ruling)


# Private functions


def _decide(plan_pk: int, step: str, ruling: Ruling) -> FeePlan:
    with atomic("payments"):
        plan = protected.lock_fee_plan(plan_pk)  # two of the staff must not both decide
        state = rules.FEE_PLAN.check(step, plan.state)
        if step == "approve" and plan.proposed_by == ruling.by:
            raise FourEyes()
        keep_ruling(ruling, kind=f"fee_plan.{step}", subject_id=plan_pk)
        plan.state, plan.decided_by, plan.decided_at = state, ruling.by, clock.now()
        plan.save(update_fields=["state", "decided_by", "decided_at"])
    return plan
