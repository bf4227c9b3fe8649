"""Payments settles while the hirer, the clock or another event is at work: one outcome, and it is that of the money."""

import pytest

from domains.contracts import actions
from domains.contracts.actions import settlements
from domains.contracts.actions.settlements import Settlement
from domains.contracts.models import Contract, Milestone
from domains.contracts.tasks import run_deadlines
from kelmah.errors import DomainError, InvalidTransition
from kelmah.interfaces.contracts.events import ContractEnded, MilestoneApproved
from tests.contracts.factories import active_contract, approved_milestone, as_hirer, cedis, submitted_milestone

pytestmark = pytest.mark.domain("contracts", transaction=True)

BACK = Settlement(fee=cedis(0), net=cedis(0), refunded=cedis(500))


def refund(milestone: Milestone):
    return lambda: settlements.mark_settled(
        milestone_id=milestone.id, contract_id=milestone.contract_id, settlement=BACK
    )


def test_the_hirer_and_the_clock_approve_at_once_and_it_is_one_approval(race, clock, published):
    for _ in range(5):
        milestone = submitted_milestone()
        hirer = as_hirer(milestone.contract)
        clock.advance(days=14)
        outcome = race(
            [
                run_deadlines,
                lambda m=milestone, by=hirer: actions.approve_milestone(
                    milestone_id=m.id, by=by, expected_version=m.version
                ),
            ]
        )
        milestone.refresh_from_db()
        told = [event for event in published.of(MilestoneApproved) if event.milestone_id == milestone.id]
        assert (milestone.state, [event.by for event in told]) == ("approved", [milestone.approved_by])
        if milestone.approved_by == "clock":
            assert isinstance(outcome[1], DomainError)


def test_whoever_approves_while_the_money_goes_back_the_milestone_is_refunded(race, clock, published):
    for _ in range(5):
        milestone = submitted_milestone()
        hirer = as_hirer(milestone.contract)
        clock.advance(days=14)
        race(
            [
                refund(milestone),
                run_deadlines,
                lambda m=milestone, by=hirer: actions.approve_milestone(
                    milestone_id=m.id, by=by, expected_version=None
                ),
                refund(milestone),
            ]
        )
        milestone.refresh_from_db()
        assert (milestone.state, milestone.refunded_minor) == ("refunded", 50000)
        assert run_deadlines() == 0
    assert len(published.of(ContractEnded)) == 5
    assert len(published.of(MilestoneApproved)) <= 5


def test_two_last_milestones_one_paid_and_one_refunded_at_once_end_the_contract_once(race, published):
    contract = active_contract(steps=2)
    paid, back = (approved_milestone(Contract.objects.get(id=contract.id)) for _ in range(2))
    race(
        [
            lambda: actions.mark_released(milestone_id=paid.id, contract_id=contract.id, fee=cedis(50), net=cedis(450)),
            refund(back),
        ]
    )
    assert [(event.outcome, event.paid) for event in published.of(ContractEnded)] == [("completed", cedis(500))]


def test_the_same_part_four_times_at_once_is_counted_once(race):
    milestone = submitted_milestone()
    part = {"milestone_id": milestone.id, "number": 1, "fee": cedis(10), "net": cedis(90)}
    assert race(lambda: settlements.mark_part_paid(**part), 4) == [None] * 4
    milestone.refresh_from_db()
    assert (milestone.paid_minor, milestone.parts.count()) == (10000, 1)


def test_changes_requested_while_the_money_goes_back_do_not_reopen_the_milestone(race):
    milestone = submitted_milestone()
    hirer = as_hirer(milestone.contract)
    outcome = race(
        [
            refund(milestone),
            lambda: actions.request_changes(milestone_id=milestone.id, by=hirer, expected_version=None, note="Again"),
        ]
    )
    milestone.refresh_from_db()
    assert milestone.state == "refunded"
    assert outcome[1] is None or isinstance(outcome[1], (InvalidTransition, Milestone))
