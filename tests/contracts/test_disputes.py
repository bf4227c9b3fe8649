"""A dispute stops everything until it is withdrawn or decided; the clock keeps what it had left."""

from datetime import timedelta

import pytest

from domains.contracts import actions, rules
from domains.contracts.actions import disputes, privacy, settlements
from domains.contracts.actions.settlements import Settlement
from domains.contracts.models import Deadline, Dispute, Milestone
from domains.contracts.tasks import run_deadlines
from kelmah import clock as time
from kelmah.errors import InvalidTransition, NotFound, StaleVersion
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import DisputeOpened, DisputeResolved, DisputeWithdrawn, MilestoneApproved
from kelmah.interfaces.privacy import ERASED, Asked
from kelmah.money import Money
from tests.contracts.factories import (
    active_contract,
    approved_milestone,
    as_hirer,
    as_worker,
    cedis,
    disputed_milestone,
    funded_milestone,
    submitted_milestone,
)
from tests.contracts.test_constraints import refused

pytestmark = pytest.mark.domain("contracts")


def dispute(milestone: Milestone, by, **changes) -> Milestone:
    usual = {"milestone_id": milestone.id, "by": by, "expected_version": None, "reason": "Two doors are missing"}
    return disputes.open_dispute(**{**usual, **changes})


def withdraw(milestone: Milestone, by) -> Milestone:
    return disputes.withdraw_dispute(milestone_id=milestone.id, by=by, expected_version=None)


def decide(milestone: Milestone, minor: int, reason: str = "Seen on the photos") -> Dispute:
    to_worker = Money(minor, milestone.currency)
    return disputes.decide_dispute(
        dispute_id=milestone.disputes.get().id, to_worker=to_worker, by=new_id(), reason=reason
    )


def ways_on(milestone: Milestone):
    at = {"milestone_id": milestone.id, "expected_version": None}
    hirer, worker = as_hirer(milestone.contract), as_worker(milestone.contract)
    return (
        lambda: actions.approve_milestone(**at, by=hirer),
        lambda: actions.request_changes(**at, by=hirer, note="Again"),
        lambda: actions.submit_milestone(**at, by=worker, note="Again", file_ids=[]),
        lambda: dispute(milestone, worker),
    )


@pytest.mark.parametrize("side", [as_hirer, as_worker])
def test_either_side_may_dispute_and_then_nobody_goes_on(side, clock, published):
    milestone = submitted_milestone()
    dispute(milestone, side(milestone.contract))
    for act in ways_on(milestone):
        with pytest.raises((rules.MilestoneDisputed, InvalidTransition)):
            act()
    clock.advance(days=100)
    assert (run_deadlines(), published.of(MilestoneApproved)) == (0, [])
    assert [event.role for event in published.of(DisputeOpened)] == [side.__name__.removeprefix("as_")]
    assert Milestone.objects.get().state == "submitted"


def test_only_protected_money_is_disputed():
    for milestone in (active_contract().milestones.get(), approved_milestone()):
        with pytest.raises(InvalidTransition):
            dispute(milestone, as_worker(milestone.contract))
    with pytest.raises(NotFound):
        dispute(funded_milestone(), as_hirer(approved_milestone().contract))
    with pytest.raises(StaleVersion):
        milestone = funded_milestone()
        dispute(milestone, as_hirer(milestone.contract), expected_version=99)
    assert not Dispute.objects.exists()


def test_withdrawn_it_lets_the_clock_go_on_with_what_it_had_left(clock, published):
    milestone = submitted_milestone()
    clock.advance(days=10)
    dispute(milestone, as_hirer(milestone.contract))
    clock.advance(days=100)
    resumed = withdraw(milestone, as_hirer(milestone.contract))
    assert abs(resumed.auto_approve_at - (time.now() + timedelta(days=4))) < timedelta(minutes=1)
    clock.advance(days=3)
    assert run_deadlines() == 0
    clock.advance(days=1, minutes=1)
    assert run_deadlines() == 1
    assert [event.by for event in published.of(MilestoneApproved)] == ["clock"]
    assert len(published.of(DisputeWithdrawn)) == 1


def test_a_second_dispute_stops_what_the_first_left(clock):
    milestone = submitted_milestone()
    hirer, worker = as_hirer(milestone.contract), as_worker(milestone.contract)
    for who, waits in ((hirer, 10), (worker, 3)):
        clock.advance(days=waits)
        dispute(milestone, who)
        clock.advance(days=50)
        withdraw(milestone, who)
    due_at = Deadline.objects.get(done_at__isnull=True).due_at
    assert abs(due_at - (time.now() + timedelta(days=1))) < timedelta(minutes=1)


def test_a_dispute_before_any_submission_starts_no_clock(clock):
    milestone = funded_milestone()
    worker = as_worker(milestone.contract)
    dispute(milestone, worker)
    assert withdraw(milestone, worker).auto_approve_at is None
    clock.advance(days=100)
    assert (run_deadlines(), Deadline.objects.count()) == (0, 0)


def test_only_who_opened_it_takes_it_back():
    milestone = disputed_milestone(by="hirer")
    with pytest.raises(rules.NotTheOpener):
        withdraw(milestone, as_worker(milestone.contract))
    with pytest.raises(rules.NotDisputed):
        other = submitted_milestone()
        withdraw(other, as_hirer(other.contract))
    assert Dispute.objects.get().state == "open"


@pytest.mark.parametrize("minor", [0, 25000, 50000])
def test_staff_decides_once_with_a_reason_and_the_money_is_awaited(minor, published):
    milestone = disputed_milestone()
    with pytest.raises(rules.RulingWithoutReason):
        decide(milestone, minor, reason="  ")
    assert decide(milestone, minor).state == "decided"
    with pytest.raises(InvalidTransition):
        decide(milestone, 1)
    for act in (*ways_on(milestone), lambda: withdraw(milestone, as_hirer(milestone.contract))):
        with pytest.raises((rules.MilestoneDisputed, rules.NotDisputed, InvalidTransition)):
            act()
    assert [event.to_worker.minor for event in published.of(DisputeResolved)] == [minor]


def test_no_more_than_is_held_is_given():
    milestone = disputed_milestone()
    settlements.mark_part_paid(milestone_id=milestone.id, number=1, fee=cedis(10), net=cedis(90))
    for minor in (-1, 40001):
        with pytest.raises(rules.AwardTooLarge):
            decide(milestone, minor)
    assert decide(milestone, 40000).state == "decided"


def test_money_that_was_gone_before_it_could_be_frozen_overtakes_the_dispute():
    milestone = disputed_milestone()
    back = Settlement(fee=cedis(0), net=cedis(0), refunded=cedis(500))
    settlements.mark_settled(milestone_id=milestone.id, contract_id=milestone.contract_id, settlement=back)
    assert (Milestone.objects.get().state, Dispute.objects.get().state) == ("refunded", "overtaken")
    with pytest.raises(InvalidTransition):
        decide(milestone, 0)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'lost'",
        "state = 'withdrawn'",
        "ended_at = now()",
        "state = 'decided', ended_at = now(), to_worker_minor = 0, ruling = 'so'",
        f"state = 'decided', ended_at = now(), to_worker_minor = 0, decided_by = '{new_id()}'",
        "to_worker_minor = 5",
    ],
)
def test_a_dispute_cannot_become_nonsense(change):
    milestone = disputed_milestone()
    assert refused(f"UPDATE contracts_dispute SET {change} WHERE milestone_id = %s", milestone.id)


def test_no_clock_runs_beside_a_review():
    assert refused("UPDATE contracts_milestone SET auto_approve_at = now() WHERE id = %s", approved_milestone().id)


def test_one_dispute_is_open_at_a_time():
    disputed_milestone()
    assert refused(
        "INSERT INTO contracts_dispute (id, version, milestone_id, opened_by, reason, state, opened_at, ruling)"
        " SELECT gen_random_uuid(), 1, milestone_id, opened_by, 'x', 'open', opened_at, '' FROM contracts_dispute"
    )


def test_the_words_of_somebody_who_is_erased_go():
    milestone = disputed_milestone(by="hirer")
    decide(milestone, 50000)
    actions.mark_released(milestone_id=milestone.id, contract_id=milestone.contract_id, fee=cedis(50), net=cedis(450))
    privacy.answer(Asked(request_id=new_id(), user_id=milestone.contract.hirer_id, step="erase"))
    assert (Dispute.objects.get().reason, Dispute.objects.get().ruling) == (ERASED, "Seen on the photos")


@pytest.mark.parametrize("side", [as_hirer, as_worker])
def test_no_dispute_is_decided_by_one_of_its_sides(side):
    milestone = disputed_milestone()
    mine = side(milestone.contract).user_id
    with pytest.raises(rules.NotYoursToJudge):
        disputes.decide_dispute(
            dispute_id=milestone.disputes.get().id, to_worker=milestone.amount, by=mine, reason="It is mine"
        )
    assert milestone.disputes.get().state == "open"
