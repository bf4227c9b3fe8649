"""Who comes first wins, and nobody else: the clock, the hirer, the worker, a dispute, at the same moment."""

import random
from dataclasses import replace

import pytest

from domains.payments import actions, rules, tasks
from domains.payments.actions import disputes, escrows, fee_plans, reviews
from domains.payments.actions.weeks import charge_week
from domains.payments.models import Deadline, Escrow, FeePlan, LedgerTransaction
from domains.payments.rules.weeks import WeekCharged
from kelmah import clock as time
from kelmah.errors import Conflict, DomainError
from kelmah.ids import new_id
from tests.payments.factories import FundingFactory, cedis, funded_escrow, in_wallet, rich, ruling, state_of
from tests.payments.test_weeks import week

pytestmark = pytest.mark.domain("payments", transaction=True)

PAID, BACK, HALVES = ("released", 112500, 0), ("refunded", 0, 125000), ("split", 56250, 62500)


def outcome_of(escrow: Escrow) -> tuple[str, int, int]:
    return state_of(escrow), in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)


def test_row_10_release_refund_split_and_the_clock_over_sixty_escrows_are_sixty_outcomes(race, clock):
    found = [funded_escrow() for _ in range(60)]
    for escrow in found:
        reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
    clock.advance(days=14)
    jobs = []
    for escrow in found:
        at = {"milestone_id": escrow.milestone_id}
        ways = [
            lambda at=at: actions.release_escrow(**at),
            lambda at=at: actions.refund_escrow(**at, ruling=ruling()),
            lambda at=at: escrows.settle_escrow(**at, to_worker=cedis(625)),
            lambda e=escrow: reviews.release_in_silence(subject_id=e.milestone_id, subject_version=1),
        ]
        random.shuffle(ways)
        jobs += ways
    for start in range(0, len(jobs), 12):
        race(jobs[start : start + 12])
    for escrow in found:
        assert outcome_of(escrow) in (PAID, BACK, HALVES)
        assert LedgerTransaction.objects.filter(idem=f"escrow:{escrow.milestone_id}:settle").count() == 1


def test_row_10_an_approval_heard_while_staff_refunds_is_one_outcome(race):
    for _ in range(5):
        escrow = funded_escrow()
        at = {"milestone_id": escrow.milestone_id}
        approved, _, again = race(
            [
                lambda at=at: escrows.release_approved(**at),
                lambda at=at: actions.refund_escrow(**at, ruling=ruling()),
                lambda at=at: escrows.release_approved(**at),
            ]
        )
        assert (approved, again) == (None, None)
        assert outcome_of(escrow) in (PAID, BACK)


@pytest.mark.parametrize("other", ["dispute", "changes"])
def test_row_22_the_clock_and_who_stops_it_at_once_have_one_outcome(race, clock, other):
    """Row 22: the timer fires while a dispute, or a request for changes, is committed."""
    for _ in range(15):
        escrow, dispute_id = funded_escrow(), new_id()
        reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
        clock.advance(days=14)
        stop = {
            "dispute": lambda e=escrow, d=dispute_id: disputes.freeze(dispute_id=d, milestone_id=e.milestone_id),
            "changes": lambda e=escrow: reviews.stop_review(milestone_id=e.milestone_id, submission=1),
        }[other]
        fired, stopped = race([tasks.run_deadlines, stop])
        escrow.refresh_from_db()
        if escrow.state == "released":
            assert (fired, outcome_of(escrow)) == (1, PAID)
            assert other == "changes" or isinstance(stopped, DomainError)
        else:
            assert escrow.state == {"dispute": "disputed", "changes": "funded"}[other]
            assert (escrow.review_ends_at, in_wallet(escrow.worker_id)) == (None, 0)
        clock.advance(days=60)
        tasks.run_deadlines()
        assert state_of(escrow) == escrow.state  # whoever won, won for good


def test_sixteen_parts_of_a_fifth_at_once_leave_the_last_to_the_settlement(race):
    escrow = funded_escrow(amount=cedis(1000))
    jobs = [
        lambda n=number: escrows.release_part(milestone_id=escrow.milestone_id, number=n, amount=cedis(200))
        for number in range(1, 17)
    ]
    outcome = race(jobs)
    assert sum(isinstance(result, rules.PartTooLarge) for result in outcome) == 12
    assert (in_wallet(escrow.worker_id), Escrow.objects.get().held) == (72000, cedis(200))


def test_the_same_part_sixteen_times_at_once_is_paid_once(race):
    escrow = funded_escrow()
    race(lambda: escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(200)), 16)
    assert in_wallet(escrow.worker_id) == 18000


def test_a_decision_and_a_withdrawal_at_once_are_one_end(race):
    for _ in range(10):
        escrow, dispute_id = funded_escrow(), new_id()
        disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
        race(
            [
                lambda d=dispute_id: disputes.decide(dispute_id=d, to_worker=cedis(625)),
                lambda d=dispute_id: disputes.unfreeze(dispute_id=d),
                lambda d=dispute_id: disputes.decide(dispute_id=d, to_worker=cedis(0)),
            ]
        )
        assert outcome_of(escrow) in (HALVES, BACK, ("funded", 0, 0))


def test_two_disputes_at_once_freeze_once(race):
    escrow = funded_escrow()
    outcome = race([lambda: disputes.freeze(dispute_id=new_id(), milestone_id=escrow.milestone_id) for _ in range(4)])
    assert sum(isinstance(result, DomainError) for result in outcome) == 3
    assert state_of(escrow) == "disputed"


def test_one_dispute_about_two_milestones_at_once_freezes_one_of_them(race):
    for _ in range(5):
        dispute_id, found = new_id(), [funded_escrow() for _ in range(2)]
        outcome = race(
            [lambda e=e, d=dispute_id: disputes.freeze(dispute_id=d, milestone_id=e.milestone_id) for e in found]
        )
        assert sum(isinstance(result, Conflict) for result in outcome) == 1
        assert sorted(state_of(escrow) for escrow in found) == ["disputed", "funded"]


def test_two_requests_to_fund_one_milestone_at_once_fund_it_once(race):
    for _ in range(8):
        funding = FundingFactory()
        rich(cedis(5000), funding.hirer_id)
        assert (
            race([lambda n=n, f=funding: actions.fund_escrow(replace(f, request=n)) for n in (1, 2, 3)]) == [None] * 3
        )
        assert in_wallet(funding.hirer_id) == 375000


def test_one_week_at_once_is_charged_once_under_one_name(race):
    for names in (1, 4):
        for _ in range(5):
            asked = [week()] * 4
            rich(cedis(5000), asked[0].hirer_id)
            if names > 1:
                asked = [replace(each, week_id=new_id()) for each in asked]
            outcome = race([lambda each=each: charge_week(each).milestone_id for each in asked])
            assert sum(isinstance(each, WeekCharged) for each in outcome) == names - 1
            assert {each for each in outcome if not isinstance(each, WeekCharged)} <= {each.week_id for each in asked}
            assert in_wallet(asked[0].hirer_id) == 500000


def test_row_23_after_three_days_down_every_due_clock_fires_once_on_eight_workers(race, clock):
    """Row 23: the beat was down, the clock jumped; eight workers share what is due, and each pays once."""
    found = [funded_escrow(amount=cedis(10)) for _ in range(200)]
    for escrow in found:
        reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
        clock.advance(minutes=7)
    clock.advance(days=17)
    started = time.now()
    done = race(tasks.run_deadlines, 8)
    assert sum(done) == 200
    assert Escrow.objects.filter(state="released").count() == 200
    assert {in_wallet(escrow.worker_id) for escrow in found} == {900}
    assert Deadline.objects.filter(done_at=None).count() == 0
    assert (time.now() - started).total_seconds() < 60
    assert tasks.run_deadlines() == 0


def test_two_proposals_of_a_plan_at_once_are_one_and_two_approvals_are_one(race):
    # Of a name of its own: plans outlive a test that commits, since migrations bring the first.
    terms = fee_plans.Terms(name="raced", basis_points=1200, review_hours=336, pending_hours=0)
    outcome = race(lambda: fee_plans.propose(terms, ruling=ruling()), 4)
    [plan] = [result for result in outcome if isinstance(result, FeePlan)]
    assert sum(isinstance(result, rules.PlanKnown) for result in outcome) == 3
    decided = race(lambda: fee_plans.approve(plan_pk=plan.pk, ruling=ruling()), 4)
    assert sum(isinstance(result, DomainError) for result in decided) == 3
