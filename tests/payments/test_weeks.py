"""Hourly weeks: charged when they are over, reviewed until Friday, free five days after."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.payments import queries, tasks
from domains.payments.actions import disputes, escrows
from domains.payments.actions.weeks import Week, charge_week
from domains.payments.models import Escrow
from domains.payments.rules import InsufficientFunds, weeks
from kelmah import clock as time
from kelmah.errors import InvalidTransition
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import EscrowReleased, WeekReleased
from tests.payments.factories import cedis, funded_escrow, in_wallet, is_waiting, rich, state_of

pytestmark = pytest.mark.domain("payments")

EARLY, LATE = datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2040-01-01")


def last_monday() -> date:
    today = time.now().date()
    return today - timedelta(days=today.isoweekday() - 1 + 7)


def week(**changes) -> Week:
    amount = cedis(800)
    hirer = rich(amount)
    usual = {"week_id": new_id(), "contract_id": new_id(), "hirer_id": hirer.user_id, "worker_id": new_id()}
    return Week(**{**usual, "title": "Bookkeeping", "monday": last_monday(), "amount": amount, **changes})


def test_a_week_is_paid_by_silence_and_free_after_the_pending_period(clock, published):
    asked = week()
    charged = charge_week(asked)
    assert (charged.state, charged.fee_plan, in_wallet(asked.hirer_id)) == ("funded", "hourly v1", 0)
    clock.advance(seconds=(charged.review_ends_at - time.now()).total_seconds() - 60)
    assert tasks.run_deadlines() == 0
    clock.advance(minutes=2)
    assert (tasks.run_deadlines(), state_of(charged)) == (1, "released")
    assert (in_wallet(asked.worker_id), is_waiting(asked.worker_id)) == (0, 72000)
    assert queries.wallet_of(asked.worker_id, "GHS").pending == cedis(720)
    assert ([event.net for event in published.of(WeekReleased)], published.of(EscrowReleased)) == ([cedis(720)], [])
    clock.advance(days=5)
    assert (tasks.run_deadlines(), in_wallet(asked.worker_id), is_waiting(asked.worker_id)) == (1, 72000, 0)


def test_a_week_heard_twice_is_charged_once_and_not_with_another_amount():
    asked = week()
    assert charge_week(asked).milestone_id == charge_week(asked).milestone_id
    with pytest.raises(weeks.WeekCharged):
        charge_week(Week(**{**asked.__dict__, "amount": cedis(801)}))
    with pytest.raises(weeks.WeekCharged):
        charge_week(Week(**{**asked.__dict__, "week_id": new_id()}))
    assert Escrow.objects.count() == 1


def test_a_name_that_is_another_weeks_or_a_milestones_charges_nothing():
    asked, milestone = week(), funded_escrow()
    rich(asked.amount, asked.hirer_id)
    charge_week(asked)
    before = asked.monday - timedelta(days=7)
    for other in (replace(asked, monday=before), replace(asked, week_id=milestone.milestone_id, monday=before)):
        with pytest.raises(weeks.WeekCharged):
            charge_week(other)
    assert in_wallet(asked.hirer_id) == 80000


def test_an_approval_before_friday_pays_at_once_and_a_rejected_line_goes_back():
    asked = week()
    charge_week(asked)
    escrows.settle_escrow(milestone_id=asked.week_id, to_worker=cedis(600))
    assert (is_waiting(asked.worker_id), in_wallet(asked.hirer_id)) == (54000, 20000)


def test_a_disputed_week_waits_for_the_decision(clock):
    asked, dispute_id = week(), new_id()
    charge_week(asked)
    disputes.freeze(dispute_id=dispute_id, milestone_id=asked.week_id)
    clock.advance(days=30)
    assert tasks.run_deadlines() == 0
    disputes.decide(dispute_id=dispute_id, to_worker=cedis(400))
    assert (is_waiting(asked.worker_id), in_wallet(asked.hirer_id)) == (36000, 40000)
    with pytest.raises(InvalidTransition):
        disputes.unfreeze(dispute_id=dispute_id)


def test_a_week_without_money_is_not_charged_and_can_be_later():
    asked = week(hirer_id=new_id())
    with pytest.raises(InsufficientFunds):
        charge_week(asked)
    assert not Escrow.objects.exists()
    rich(asked.amount, asked.hirer_id)
    assert charge_week(asked).held == asked.amount


@pytest.mark.parametrize("days", [1, 7, -7])
def test_a_week_that_is_not_over_or_is_no_monday_is_not_charged(days):
    with pytest.raises(weeks.WeekNotOver):
        charge_week(week(monday=last_monday() + timedelta(days=days if days > 0 else 14)))
    assert not Escrow.objects.exists()


@pytest.mark.parametrize(
    ("charged", "ends"),
    [
        ("2026-11-23T12:00", "2026-11-27T23:59"),  # Monday noon: this Friday
        ("2026-11-25T23:00", "2026-11-27T23:59"),  # Wednesday night: two days are left
        ("2026-11-26T00:00", "2026-12-04T23:59"),  # Thursday: too late for this one
        ("2026-12-31T12:00", "2027-01-08T23:59"),
    ],
)
def test_the_review_ends_on_a_friday_that_leaves_two_days(charged, ends):
    said = weeks.review_ends(datetime.fromisoformat(charged).replace(tzinfo=UTC))
    assert said == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@given(st.datetimes(min_value=EARLY, max_value=LATE, timezones=st.timezones()))
def test_row_23_whatever_the_zone_and_its_summer_the_review_ends_on_a_utc_friday(charged):
    """Row 23: no change of clocks anywhere moves it."""
    ends = weeks.review_ends(charged)
    assert (ends.isoweekday(), ends.hour, ends.minute, ends.utcoffset()) == (5, 23, 59, timedelta())
    assert timedelta(days=2) <= ends - charged < timedelta(days=9)
