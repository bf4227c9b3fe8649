"""Silence pays, unless somebody speaks in time; disputes stop the clock and freeze the money."""

from datetime import timedelta

import pytest

from domains.payments import actions, queries, rules, tasks
from domains.payments.actions import disputes, escrows, reviews
from domains.payments.models import Deadline, DisputedFunds, Escrow
from kelmah import clock as time
from kelmah.errors import Conflict, InvalidTransition, NotFound
from kelmah.ids import new_id
from tests.payments.factories import cedis, funded_escrow, in_wallet, is_waiting, new_plan, ruling, state_of

pytestmark = pytest.mark.domain("payments")


def submitted(number: int = 1, **changes) -> Escrow:
    escrow = funded_escrow(**changes)
    reviews.start_review(milestone_id=escrow.milestone_id, submission=number)
    return escrow


@pytest.mark.parametrize(("plan", "hours"), [("standard", 14 * 24), ("quick", 24)])
def test_silence_releases_after_the_plans_hours_and_not_before(clock, plan, hours):
    """Two weeks for agreed work, a day for quick jobs; ten and fifteen percent."""
    escrow = submitted(fee_plan=plan)
    clock.advance(hours=hours - 1)
    assert (tasks.run_deadlines(), state_of(escrow)) == (0, "funded")
    clock.advance(hours=1)
    assert (tasks.run_deadlines(), state_of(escrow)) == (1, "released")
    assert in_wallet(escrow.worker_id) == {"standard": 112500, "quick": 106250}[plan]


def test_hours_are_those_in_force_at_funding(clock):
    escrow = funded_escrow()
    new_plan(review_hours=1)
    reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
    clock.advance(hours=2)
    assert (tasks.run_deadlines(), state_of(escrow)) == (0, "funded")


def test_a_submission_heard_twice_does_not_move_the_clock(clock):
    escrow = submitted()
    clock.advance(days=13)
    reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
    clock.advance(days=1)
    tasks.run_deadlines()
    assert state_of(escrow) == "released"


def test_requested_changes_stop_the_clock_and_the_next_submission_has_the_whole_time(clock):
    """Row 22: the timer of an old submission never fires."""
    escrow = submitted()
    clock.advance(days=13)
    reviews.stop_review(milestone_id=escrow.milestone_id, submission=1)
    clock.advance(days=30)
    assert (tasks.run_deadlines(), state_of(escrow)) == (0, "funded")
    reviews.start_review(milestone_id=escrow.milestone_id, submission=2)
    clock.advance(days=13)
    reviews.stop_review(milestone_id=escrow.milestone_id, submission=1)  # of the first, heard late
    tasks.run_deadlines()
    assert state_of(escrow) == "funded"
    clock.advance(days=1)
    tasks.run_deadlines()
    assert state_of(escrow) == "released"


def test_a_timer_claimed_before_the_changes_does_nothing_after_them(clock):
    """Row 22: the beat took the deadline, and waits for the row while "request changes" commits."""
    escrow = submitted()
    clock.advance(days=14)
    reviews.stop_review(milestone_id=escrow.milestone_id, submission=1)
    reviews.release_in_silence(subject_id=escrow.milestone_id, subject_version=1)
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("funded", 0)


def test_changes_requested_of_a_submission_that_is_not_heard_of_yet_keep_it_silent():
    escrow = funded_escrow()
    reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
    reviews.stop_review(milestone_id=escrow.milestone_id, submission=2)
    reviews.start_review(milestone_id=escrow.milestone_id, submission=2)
    assert Escrow.objects.get().review_ends_at is None


def test_an_approval_before_the_end_disarms_the_clock(clock):
    escrow = submitted()
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert not Deadline.objects.exists()
    clock.advance(days=15)
    assert (tasks.run_deadlines(), in_wallet(escrow.worker_id)) == (0, 112500)


def test_a_dispute_freezes_the_money_and_the_clock(clock):
    escrow, dispute_id = submitted(), new_id()
    clock.advance(days=10)
    for _ in range(2):
        disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    assert queries.balance_of(rules.disputed(dispute_id), "GHS") == cedis(1250)
    clock.advance(days=100)
    assert (tasks.run_deadlines(), state_of(escrow)) == (0, "disputed")


def test_what_is_disputed_is_neither_released_nor_refunded_nor_settled_by_agreement():
    """An older system let the hirer open a dispute and refund everything alone."""
    escrow = submitted()
    disputes.freeze(dispute_id=new_id(), milestone_id=escrow.milestone_id)
    for act in (
        lambda: actions.release_escrow(milestone_id=escrow.milestone_id),
        lambda: actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling()),
        lambda: escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(1)),
        lambda: escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(1)),
        lambda: disputes.freeze(dispute_id=new_id(), milestone_id=escrow.milestone_id),
        lambda: reviews.start_review(milestone_id=escrow.milestone_id, submission=2),
    ):
        with pytest.raises(InvalidTransition):
            act()
    assert (in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)) == (0, 0)


def test_a_withdrawn_dispute_lets_the_clock_go_on_with_what_it_had_left(clock):
    escrow, dispute_id = submitted(), new_id()
    clock.advance(days=10)
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    clock.advance(days=100)
    for _ in range(2):
        disputes.unfreeze(dispute_id=dispute_id)
    shown = Escrow.objects.get().review_ends_at
    assert abs(shown - (time.now() + timedelta(days=4))) < timedelta(minutes=1)
    clock.advance(days=3)
    assert tasks.run_deadlines() == 0
    clock.advance(days=1, minutes=1)
    tasks.run_deadlines()
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("released", 112500)


def test_a_dispute_before_any_submission_starts_no_clock(clock):
    escrow, dispute_id = funded_escrow(), new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    disputes.unfreeze(dispute_id=dispute_id)
    clock.advance(days=100)
    assert (tasks.run_deadlines(), state_of(escrow)) == (0, "funded")


@pytest.mark.parametrize(
    ("to_worker", "outcome"),
    [(1250, ("released", 112500, 0)), (0, ("refunded", 0, 125000)), (625, ("split", 56250, 62500))],
)
def test_a_decision_pays_whom_it_says_once(to_worker, outcome):
    """The worker returns nothing, everything, or half."""
    escrow, dispute_id = submitted(), new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    for _ in range(2):
        disputes.decide(dispute_id=dispute_id, to_worker=cedis(to_worker))
    assert (state_of(escrow), in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)) == outcome
    assert DisputedFunds.objects.get().state == "decided"
    with pytest.raises(InvalidTransition):
        disputes.decide(dispute_id=dispute_id, to_worker=cedis(1))
    with pytest.raises(InvalidTransition):
        disputes.unfreeze(dispute_id=dispute_id)


def test_a_dispute_after_a_part_freezes_only_the_rest():
    escrow, dispute_id = submitted(), new_id()
    escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(250))
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    assert DisputedFunds.objects.get().amount_minor == 100000
    disputes.decide(dispute_id=dispute_id, to_worker=cedis(500))
    assert (in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)) == (67500, 50000)


@pytest.mark.parametrize("spoken", [1, 2])
def test_changes_that_were_requested_in_a_dispute_are_no_silence_after_it(clock, spoken):
    escrow, dispute_id = submitted(), new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    reviews.stop_review(milestone_id=escrow.milestone_id, submission=spoken)
    disputes.unfreeze(dispute_id=dispute_id)
    clock.advance(days=60)
    assert (tasks.run_deadlines(), state_of(escrow)) == (0, "funded")
    reviews.start_review(milestone_id=escrow.milestone_id, submission=spoken + 1)
    clock.advance(days=14)
    assert (tasks.run_deadlines(), state_of(escrow)) == (1, "released")


def test_changes_requested_of_an_older_submission_stop_no_clock_in_a_dispute(clock):
    escrow, dispute_id = submitted(number=2), new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    reviews.stop_review(milestone_id=escrow.milestone_id, submission=1)
    disputes.unfreeze(dispute_id=dispute_id)
    clock.advance(days=14)
    assert (tasks.run_deadlines(), state_of(escrow)) == (1, "released")


def test_a_second_dispute_may_follow_one_that_was_withdrawn():
    escrow, first, second = submitted(), new_id(), new_id()
    disputes.freeze(dispute_id=first, milestone_id=escrow.milestone_id)
    disputes.unfreeze(dispute_id=first)
    disputes.freeze(dispute_id=second, milestone_id=escrow.milestone_id)
    with pytest.raises(InvalidTransition):
        disputes.decide(dispute_id=first, to_worker=cedis(0))
    disputes.decide(dispute_id=second, to_worker=cedis(0))
    assert in_wallet(escrow.hirer_id) == 125000


def test_a_dispute_belongs_to_one_escrow_and_unknown_ones_are_not_found():
    one, other, dispute_id = funded_escrow(), funded_escrow(), new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=one.milestone_id)
    with pytest.raises(Conflict):
        disputes.freeze(dispute_id=dispute_id, milestone_id=other.milestone_id)
    with pytest.raises(NotFound):
        disputes.decide(dispute_id=new_id(), to_worker=cedis(0))
    assert state_of(other) == "funded"


def test_more_than_is_frozen_is_not_decided_about():
    escrow, dispute_id = funded_escrow(), new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    with pytest.raises(rules.MoreThanHeld):
        disputes.decide(dispute_id=dispute_id, to_worker=cedis(1250.01))
    assert state_of(escrow) == "disputed"


def test_what_waits_after_a_release_is_free_later_once(clock):
    new_plan(name="standard", pending_hours=120)
    escrow = funded_escrow()
    escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(250))
    clock.advance(days=2)
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert (in_wallet(escrow.worker_id), is_waiting(escrow.worker_id)) == (0, 112500)
    assert queries.wallet_of(escrow.worker_id, "GHS").pending == cedis(1125)
    clock.advance(days=3)
    assert (tasks.run_deadlines(), in_wallet(escrow.worker_id), is_waiting(escrow.worker_id)) == (1, 22500, 90000)
    clock.advance(days=2)
    assert (tasks.run_deadlines(), in_wallet(escrow.worker_id), is_waiting(escrow.worker_id)) == (1, 112500, 0)
    assert tasks.run_deadlines() == 0
