"""What contracts does, one rule per test."""

from datetime import timedelta

import pytest

from domains.contracts import actions, rules
from domains.contracts.actions.funding import InsufficientFunds
from domains.contracts.models import Contract, Deadline
from domains.contracts.tasks import run_deadlines
from kelmah.errors import InvalidTransition, NotFound, StaleVersion
from kelmah.interfaces.contracts.events import (
    ContractCreated,
    ContractEnded,
    ContractSigned,
    MilestoneApproved,
    MilestoneFundingRequested,
)
from kelmah.interfaces.payments.calls import payments
from kelmah.money import Money
from tests.contracts.factories import (
    FROM_HERE,
    FakeWallets,
    active_contract,
    approved_milestone,
    as_hirer,
    as_worker,
    cedis,
    funded_milestone,
    sign,
    submitted_milestone,
    unsigned_contract,
)

pytestmark = pytest.mark.domain("contracts")


def test_the_text_is_frozen_with_its_hash(published):
    contract = unsigned_contract(steps=2)
    assert contract.text_sha256 == rules.text_hash(contract.text)
    assert [event.contract_id for event in published.of(ContractCreated)] == [contract.id]
    assert contract.milestones.count() == 2


def test_a_contract_is_active_when_both_have_signed(published):
    contract = unsigned_contract()
    assert sign(contract, as_hirer(contract)).state == "awaiting_signatures"
    assert sign(contract, as_worker(contract)).state == "active"
    assert len(published.of(ContractSigned)) == 1


def test_signatures_form_a_chain():
    contract = active_contract()
    first, second = contract.signatures.order_by("id")
    assert second.previous_hash == first.hash
    for signature in (first, second):
        assert signature.hash == rules.signature_hash(
            contract_id=contract.id,
            role=signature.role,
            user_id=signature.user_id,
            legal_name=signature.legal_name,
            text_sha256=contract.text_sha256,
            signed_at=signature.signed_at,
            previous=signature.previous_hash,
        )


def test_nobody_signs_twice():
    contract = unsigned_contract()
    sign(contract, as_hirer(contract))
    with pytest.raises(rules.AlreadySigned):
        sign(contract, as_hirer(contract))


def test_nobody_signs_for_a_stranger_or_another_text(principal):
    contract = unsigned_contract()
    with pytest.raises(NotFound):
        sign(contract, principal(role="hirer"))
    with pytest.raises(rules.TextChanged):
        actions.sign_contract(
            contract_id=contract.id,
            by=as_hirer(contract),
            expected_version=1,
            legal_name="Ama",
            consent=True,
            text_sha256="0" * 64,
            circumstances=FROM_HERE,
        )
    assert not contract.signatures.exists()


def test_a_cancelled_contract_ends_with_its_milestones(published):
    contract = unsigned_contract(steps=2)
    actions.cancel_contract(contract_id=contract.id, by=as_worker(contract), expected_version=1)
    assert set(contract.milestones.values_list("state", flat=True)) == {"cancelled"}
    assert published.of(ContractEnded)[0].paid == Money(0, "GHS")
    with pytest.raises(InvalidTransition):
        sign(contract, as_hirer(contract))


def test_an_active_contract_cannot_be_cancelled_by_one_side():
    contract = active_contract()
    with pytest.raises(InvalidTransition):
        actions.cancel_contract(contract_id=contract.id, by=as_hirer(contract), expected_version=None)


def test_funding_is_asked_of_payments(published):
    contract = active_contract()
    milestone = contract.milestones.get()
    with payments.replaced_by(FakeWallets(cedis(500))):
        asked = actions.request_funding(milestone_id=milestone.id, by=as_hirer(contract), expected_version=1)
    assert asked.state == "awaiting_funds"
    event = published.of(MilestoneFundingRequested)[0]
    assert (event.amount, event.hirer_id, event.request) == (cedis(500), contract.hirer_id, 1)


def test_too_little_money_changes_nothing(published):
    contract = active_contract()
    milestone = contract.milestones.get()
    with payments.replaced_by(FakeWallets(cedis(499))), pytest.raises(InsufficientFunds) as refusal:
        actions.request_funding(milestone_id=milestone.id, by=as_hirer(contract), expected_version=1)
    assert refusal.value.data["missing"] == {"amount": 100, "currency": "GHS"}
    milestone.refresh_from_db()
    assert (milestone.state, milestone.version) == ("planned", 1)
    assert published.of(MilestoneFundingRequested) == []


def test_a_milestone_is_not_funded_before_both_have_signed():
    contract = unsigned_contract()
    milestone = contract.milestones.get()
    with payments.replaced_by(FakeWallets(cedis(500))), pytest.raises(rules.ContractNotActive):
        actions.request_funding(milestone_id=milestone.id, by=as_hirer(contract), expected_version=1)


def test_funding_that_failed_can_be_asked_again():
    contract = active_contract()
    milestone = contract.milestones.get()
    with payments.replaced_by(FakeWallets(cedis(500))):
        actions.request_funding(milestone_id=milestone.id, by=as_hirer(contract), expected_version=None)
        actions.mark_funding_failed(milestone_id=milestone.id, request=1, reason="insufficient_funds")
        again = actions.request_funding(milestone_id=milestone.id, by=as_hirer(contract), expected_version=None)
    assert (again.state, again.funding_request) == ("awaiting_funds", 2)
    actions.mark_funded(milestone_id=milestone.id, request=1)  # a late answer to the first request
    milestone.refresh_from_db()
    assert milestone.state == "awaiting_funds"


def test_work_can_be_sent_back_and_handed_in_again():
    milestone = submitted_milestone()
    contract = milestone.contract
    actions.request_changes(milestone_id=milestone.id, by=as_hirer(contract), expected_version=None, note="The door")
    again = actions.submit_milestone(
        milestone_id=milestone.id, by=as_worker(contract), expected_version=None, note="Fixed", file_ids=[]
    )
    assert (again.state, again.revisions) == ("submitted", 1)
    assert [s.changes_note for s in milestone.submissions.order_by("number")] == ["The door", ""]


def test_the_worker_does_not_approve_and_a_stranger_sees_nothing(principal):
    milestone = submitted_milestone()
    with pytest.raises(rules.NotTheHirer):
        actions.approve_milestone(milestone_id=milestone.id, by=as_worker(milestone.contract), expected_version=None)
    with pytest.raises(NotFound):
        actions.approve_milestone(milestone_id=milestone.id, by=principal(role="hirer"), expected_version=None)


def test_a_second_approval_is_refused(published):
    milestone = approved_milestone()
    with pytest.raises(InvalidTransition):
        actions.approve_milestone(milestone_id=milestone.id, by=as_hirer(milestone.contract), expected_version=None)
    assert len(published.of(MilestoneApproved)) == 1


def test_an_approval_of_an_older_version_is_refused():
    milestone = submitted_milestone()
    with pytest.raises(StaleVersion):
        actions.approve_milestone(
            milestone_id=milestone.id, by=as_hirer(milestone.contract), expected_version=milestone.version - 1
        )


def test_fourteen_days_of_silence_approve(clock, published):
    milestone = submitted_milestone()
    clock.advance(days=13, hours=23)
    assert run_deadlines() == 0
    clock.advance(hours=2)
    assert run_deadlines() == 1
    milestone.refresh_from_db()
    assert (milestone.state, milestone.approved_by) == ("approved", "clock")
    assert [event.by for event in published.of(MilestoneApproved)] == ["clock"]
    assert run_deadlines() == 0


def test_the_deadline_of_an_earlier_submission_never_fires(clock):
    milestone = submitted_milestone()
    contract = milestone.contract
    clock.advance(days=10)
    actions.request_changes(milestone_id=milestone.id, by=as_hirer(contract), expected_version=None, note="Again")
    actions.submit_milestone(
        milestone_id=milestone.id, by=as_worker(contract), expected_version=None, note="Fixed", file_ids=[]
    )
    clock.advance(days=5)
    run_deadlines()
    milestone.refresh_from_db()
    assert milestone.state == "submitted"
    clock.advance(days=10)
    run_deadlines()
    milestone.refresh_from_db()
    assert milestone.state == "approved"


def test_a_stale_deadline_that_is_due_does_nothing(clock):
    milestone = submitted_milestone()
    actions.request_changes(
        milestone_id=milestone.id, by=as_hirer(milestone.contract), expected_version=None, note="Again"
    )
    actions.submit_milestone(
        milestone_id=milestone.id, by=as_worker(milestone.contract), expected_version=None, note="Fixed", file_ids=[]
    )
    clock.advance(days=15)
    actions.auto_approve_milestone(subject_id=milestone.id, subject_version=1)
    milestone.refresh_from_db()
    assert milestone.state == "submitted"


def test_beat_that_was_down_for_days_catches_up_each_once(clock, published):
    milestones = [submitted_milestone() for _ in range(3)]
    clock.advance(days=20)
    assert run_deadlines() == 3
    approved = [event.milestone_id for event in published.of(MilestoneApproved)]
    assert sorted(approved) == sorted(milestone.id for milestone in milestones)
    assert not Deadline.objects.filter(done_at__isnull=True).exists()


def test_the_last_release_completes_the_contract(published):
    contract = active_contract(steps=2)
    for _ in range(2):
        milestone = approved_milestone(Contract.objects.get(id=contract.id))
        actions.mark_released(milestone_id=milestone.id, contract_id=contract.id, fee=cedis(50), net=cedis(450))
    contract.refresh_from_db()
    assert contract.state == "completed"
    ended = published.of(ContractEnded)
    assert [(event.outcome, event.paid) for event in ended] == [("completed", cedis(1000))]


def test_a_release_heard_twice_is_one_release():
    milestone = approved_milestone()
    for _ in range(2):
        actions.mark_released(
            milestone_id=milestone.id, contract_id=milestone.contract_id, fee=cedis(50), net=cedis(450)
        )
    milestone.refresh_from_db()
    assert (milestone.state, milestone.fee_minor, milestone.net_minor) == ("released", 5000, 45000)


def test_the_worker_may_say_that_work_has_begun():
    milestone = funded_milestone()
    started = actions.start_milestone(
        milestone_id=milestone.id, by=as_worker(milestone.contract), expected_version=None
    )
    assert started.state == "in_progress"


def test_auto_approval_is_announced_with_the_submission(published):
    milestone = submitted_milestone()
    deadline = Deadline.objects.get(subject_id=milestone.id)
    assert deadline.due_at - milestone.submitted_at == timedelta(days=14)
    assert (deadline.subject_version, milestone.submissions.get().number) == (1, 1)
