"""What the platform takes: proposed by one, put in force by another, never changed."""

import pytest
from django.db import IntegrityError

from domains.payments import actions, queries, rules
from domains.payments.actions import fee_plans
from domains.payments.models import Decision, FeePlan
from domains.payments.rules.errors import FourEyes
from kelmah.db import atomic
from kelmah.errors import InvalidTransition, NotFound
from tests.payments.factories import funded_escrow, is_waiting, new_plan, ruling

pytestmark = pytest.mark.domain("payments")


def terms(**changes) -> fee_plans.Terms:
    return fee_plans.Terms(
        **{"name": "standard", "basis_points": 1200, "review_hours": 336, "pending_hours": 0, **changes}
    )


@pytest.mark.parametrize(
    ("name", "basis_points", "review_hours", "pending_hours"),
    [("standard", 1000, 336, 0), ("quick", 1500, 24, 0), ("hourly", 1000, None, 120)],
)
def test_the_plans_it_comes_with(name, basis_points, review_hours, pending_hours):
    plan = queries.fee_plan_in_force(name)
    assert (plan.version, plan.basis_points, plan.review_hours) == (1, basis_points, review_hours)
    assert plan.pending_hours == pending_hours


def test_a_proposal_is_not_in_force_until_another_approves_it():
    why = ruling("costs rose")
    plan = fee_plans.propose(terms(), ruling=why)
    assert queries.fee_plan_in_force("standard").version == 1
    with pytest.raises(FourEyes):
        fee_plans.approve(plan_pk=plan.pk, ruling=why)
    fee_plans.approve(plan_pk=plan.pk, ruling=ruling("agreed"))
    assert queries.fee_plan_in_force("standard").basis_points == 1200
    assert sorted(Decision.objects.values_list("kind", flat=True)) == ["fee_plan.approve", "fee_plan.propose"]


def test_what_was_funded_before_keeps_its_version():
    before = funded_escrow()
    new_plan(basis_points=2000, review_hours=1, pending_hours=9)
    before.refresh_from_db()
    assert (before.fee_plan, before.fee_basis_points, before.review_hours) == ("standard v1", 1000, 336)
    after = funded_escrow()
    assert (after.fee_plan, after.fee_basis_points, after.pending_hours) == ("standard v2", 2000, 9)


def test_a_declined_version_never_comes_into_force_and_makes_room_for_the_next():
    why = ruling("a slip")
    plan = fee_plans.propose(terms(), ruling=why)
    with pytest.raises(rules.PlanKnown):
        fee_plans.propose(terms(basis_points=1300), ruling=ruling())
    fee_plans.decline(plan_pk=plan.pk, ruling=why)
    with pytest.raises(InvalidTransition):
        fee_plans.approve(plan_pk=plan.pk, ruling=ruling())
    assert fee_plans.propose(terms(basis_points=1300), ruling=ruling()).version == 3
    assert queries.fee_plan_in_force("standard").version == 1


@pytest.mark.parametrize("wait", [{"pending_hours": 366 * 24 + 1}, {"review_hours": 2**31 - 1}])
def test_no_version_lets_money_wait_longer_than_a_year(wait):
    """Frozen on an escrow, an end beyond the calendar would keep it from ever being released."""
    with pytest.raises(rules.WaitTooLong):
        fee_plans.propose(terms(**wait), ruling=ruling())
    with pytest.raises(IntegrityError, match="fee_plan_waits_a_year_at_most"), atomic("payments"):
        FeePlan.objects.filter(name="standard").update(**wait)


def test_the_longest_wait_ends_within_the_calendar():
    new_plan(pending_hours=366 * 24)
    escrow = funded_escrow()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert is_waiting(escrow.worker_id) == 112500


def test_a_version_without_a_reason_is_not_kept():
    with pytest.raises(rules.ReasonMissing):
        fee_plans.propose(terms(), ruling=ruling(" "))
    assert FeePlan.objects.filter(name="standard").count() == 1


def test_a_new_plan_begins_at_one_and_an_unknown_one_is_not_found():
    assert fee_plans.propose(terms(name="seasonal"), ruling=ruling()).version == 1
    with pytest.raises(NotFound):
        queries.fee_plan_in_force("seasonal")
    with pytest.raises(NotFound):
        fee_plans.approve(plan_pk=0, ruling=ruling())
