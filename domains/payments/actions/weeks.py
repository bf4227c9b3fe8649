"""Weeks of hourly work: charged when they are over, looked at, paid by approval or by silence."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q

from domains.payments.actions.escrows import protect
from domains.payments.actions.reviews import run_clock
from domains.payments.actions.turns import take_turn
from domains.payments.models import Escrow
from domains.payments.rules import weeks
from kelmah import clock
from kelmah.db import atomic
from kelmah.money import Money

PLAN = "hourly"


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week of hourly work: ``monday`` names it, ``amount`` is what its protected hours cost."""

    week_id: UUID
    contract_id: UUID
    hirer_id: UUID
    worker_id: UUID
    title: str
    monday: date
    amount: Money


def charge_week(week: Week) -> Escrow:
    """Protect a week's amount until its review ends, on a Friday: silence releases it. The same twice is once.

    Settled, disputed and released like every escrow, under ``week_id``. Raises WeekNotOver, WeekCharged,
    InsufficientFunds.
    """
    weeks.check_week(week.monday, today=clock.now().date())
    with atomic("payments"):
        # The same week twice at once, and two names of one week, must not both find nothing.
        take_turn(f"weeks:{week.contract_id}")
        take_turn(f"escrow:{week.week_id}")
        named, charged = Q(milestone_id=week.week_id), Q(contract_id=week.contract_id, week=week.monday)
        known = Escrow.objects.select_for_update().filter(named | charged).first()
        if known is not None:
            if (known.milestone_id, known.contract_id, known.week, known.amount) != _asked(week):
                raise weeks.WeekCharged()
            return known
        escrow = protect(
            milestone_id=week.week_id,
            contract_id=week.contract_id,
            hirer_id=week.hirer_id,
            worker_id=week.worker_id,
            title=week.title,
            amount=week.amount,
            fee_plan=PLAN,
            week=week.monday,
        )
        escrow.submission = 1
        run_clock(escrow, until=weeks.review_ends(clock.now()))
        escrow.save_change("submission", "review_ends_at")
    return escrow


# Private functions


def _asked(week: Week) -> tuple[UUID, UUID, date, Money]:
    return week.week_id, week.contract_id, week.monday, week.amount
