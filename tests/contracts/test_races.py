"""Two at once, each with a connection of its own."""

import pytest

from domains.contracts import actions
from domains.contracts.models import Contract, Milestone
from kelmah.errors import DomainError, InvalidTransition
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import ContractEnded, ContractSigned, MilestoneApproved
from tests.contracts.factories import (
    TermsFactory,
    active_contract,
    approved_milestone,
    as_hirer,
    as_worker,
    cedis,
    sign,
    submitted_milestone,
    unsigned_contract,
)

pytestmark = pytest.mark.domain("contracts", transaction=True)


def test_the_same_offer_heard_four_times_at_once_makes_one_contract(race):
    terms, offer_id = TermsFactory(), new_id()
    made = race(lambda: actions.create_contract(terms=terms, offer_id=offer_id, category="carpentry"), 4)
    assert sum(contract is not None for contract in made) == 1
    assert Contract.objects.count() == 1
    assert Milestone.objects.count() == 1


def test_both_sides_signing_at_once_activate_the_contract_once(race, published):
    contract = unsigned_contract()
    race([lambda: sign(contract, as_hirer(contract)), lambda: sign(contract, as_worker(contract))])
    contract.refresh_from_db()
    assert contract.state == "active"
    assert len(published.of(ContractSigned)) == 1


def test_eight_approvals_at_once_are_one(race, published):
    milestone = submitted_milestone()
    hirer = as_hirer(milestone.contract)
    outcome = race(lambda: actions.approve_milestone(milestone_id=milestone.id, by=hirer, expected_version=None), 8)
    assert sum(isinstance(result, InvalidTransition) for result in outcome) == 7
    assert len(published.of(MilestoneApproved)) == 1


def test_the_clock_and_a_change_request_at_once_have_one_outcome(race, clock, published):
    for _ in range(5):
        milestone = submitted_milestone()
        hirer = as_hirer(milestone.contract)
        clock.advance(days=14)
        race(
            [
                lambda m=milestone: actions.auto_approve_milestone(subject_id=m.id, subject_version=1),
                lambda m=milestone, by=hirer: actions.request_changes(
                    milestone_id=m.id, by=by, expected_version=m.version, note="Again"
                ),
            ]
        )
        milestone.refresh_from_db()
        approved = [event for event in published.of(MilestoneApproved) if event.milestone_id == milestone.id]
        assert (milestone.state, len(approved)) in {("approved", 1), ("changes_requested", 0)}


def test_cancelling_and_signing_at_once_have_one_outcome(race):
    contract = unsigned_contract()
    sign(contract, as_hirer(contract))
    outcome = race(
        [
            lambda: sign(contract, as_worker(contract)),
            lambda: actions.cancel_contract(contract_id=contract.id, by=as_hirer(contract), expected_version=None),
        ]
    )
    assert sum(isinstance(result, DomainError) for result in outcome) == 1
    contract.refresh_from_db()
    assert contract.state in ("active", "cancelled")


def test_two_last_milestones_released_at_once_complete_the_contract_once(race, published):
    contract = active_contract(steps=2)
    first, second = (approved_milestone(Contract.objects.get(id=contract.id)) for _ in range(2))

    def release(milestone):
        return lambda: actions.mark_released(
            milestone_id=milestone.id, contract_id=contract.id, fee=cedis(50), net=cedis(450)
        )

    race([release(first), release(second)])
    contract.refresh_from_db()
    assert contract.state == "completed"
    assert len(published.of(ContractEnded)) == 1
