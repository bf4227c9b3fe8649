"""A dispute at the same moment as whoever else ends the review: one of them comes first, and the other is told."""

import pytest

from domains.contracts import actions
from domains.contracts.actions import disputes
from domains.contracts.models import Dispute, Milestone
from domains.contracts.tasks import run_deadlines
from kelmah.errors import DomainError
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import DisputeResolved, DisputeWithdrawn, MilestoneApproved
from tests.contracts.factories import as_hirer, as_worker, cedis, disputed_milestone, submitted_milestone

pytestmark = pytest.mark.domain("contracts", transaction=True)


def opening(milestone: Milestone, by):
    return lambda: disputes.open_dispute(milestone_id=milestone.id, by=by, expected_version=None, reason="Two doors")


@pytest.mark.parametrize("other", ["clock", "hirer"])
def test_a_dispute_and_an_approval_at_once_are_one_of_them(race, clock, published, other):
    for _ in range(6):
        milestone = submitted_milestone()
        hirer, worker = as_hirer(milestone.contract), as_worker(milestone.contract)
        clock.advance(days=14)
        approve = {
            "clock": run_deadlines,
            "hirer": lambda m=milestone, by=hirer: actions.approve_milestone(
                milestone_id=m.id, by=by, expected_version=None
            ),
        }[other]
        race([approve, opening(milestone, worker)])
        approved = [event for event in published.of(MilestoneApproved) if event.milestone_id == milestone.id]
        milestone.refresh_from_db()
        told = (milestone.state, len(approved), milestone.disputes.count())
        assert told in {("approved", 1, 0), ("submitted", 0, 1)}
        assert milestone.auto_approve_at is None
        if not approved:
            disputes.withdraw_dispute(milestone_id=milestone.id, by=worker, expected_version=None)
            actions.approve_milestone(milestone_id=milestone.id, by=hirer, expected_version=None)


def test_both_sides_disputing_at_once_are_one_dispute(race):
    milestone = submitted_milestone()
    outcome = race(
        [opening(milestone, as_hirer(milestone.contract)), opening(milestone, as_worker(milestone.contract))]
    )
    assert sum(isinstance(result, DomainError) for result in outcome) == 1
    assert Dispute.objects.count() == 1


def test_a_ruling_and_a_withdrawal_at_once_are_one_end(race, published):
    for _ in range(5):
        milestone = disputed_milestone(by="worker")
        worker, dispute_id = as_worker(milestone.contract), milestone.disputes.get().id
        outcome = race(
            [
                lambda m=milestone, by=worker: disputes.withdraw_dispute(
                    milestone_id=m.id, by=by, expected_version=None
                ),
                lambda d=dispute_id: disputes.decide_dispute(
                    dispute_id=d, to_worker=cedis(250), by=new_id(), reason="Seen"
                ),
            ]
        )
        assert sum(isinstance(result, DomainError) for result in outcome) == 1
    assert len(published.of(DisputeResolved)) + len(published.of(DisputeWithdrawn)) == 5
