"""What payments says became of the money, and what a contract makes of it."""

from datetime import date

import pytest

from domains.contracts import actions, handlers
from domains.contracts.actions import settlements
from domains.contracts.actions.settlements import Settlement
from domains.contracts.models import Contract, Deadline, Milestone, SettledWeek
from domains.contracts.tasks import run_deadlines
from kelmah.db import atomic
from kelmah.errors import InvalidTransition, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import ContractEnded, MilestoneApproved
from kelmah.interfaces.payments.events import EscrowPartReleased, EscrowRefunded, EscrowReleased, WeekReleased
from kelmah.money import Money
from tests.contracts.factories import (
    active_contract,
    approved_milestone,
    as_hirer,
    as_worker,
    cedis,
    funded_milestone,
    submitted_milestone,
)

pytestmark = pytest.mark.domain("contracts")


def hear(handler, event, *, times=2):
    for _ in range(times):
        with atomic("contracts"):
            handler(event)


def sums(gross: Money) -> dict[str, Money]:
    fee = Money(gross.minor // 10, gross.currency)
    return {"gross": gross, "fee": fee, "net": gross - fee}


def told(kind, contract: Contract, subject_id, **facts):
    whose = {"milestone_id": subject_id, "contract_id": contract.id, "title": "Cabinets"}
    return kind(**whose, hirer_id=contract.hirer_id, worker_id=contract.worker_id, **facts)


def refunded(milestone: Milestone, *, paid: Money | None = None) -> EscrowRefunded:
    gross = paid or cedis(0)
    facts = {"amount": milestone.amount, "refunded": milestone.amount - gross, **sums(gross)}
    return told(EscrowRefunded, milestone.contract, milestone.id, **facts)


def part(milestone: Milestone, number: int, gross: Money) -> EscrowPartReleased:
    return told(EscrowPartReleased, milestone.contract, milestone.id, number=number, **sums(gross))


def started_milestone() -> Milestone:
    milestone = funded_milestone()
    return actions.start_milestone(milestone_id=milestone.id, by=as_worker(milestone.contract), expected_version=None)


def sent_back_milestone() -> Milestone:
    milestone = submitted_milestone()
    by = as_hirer(milestone.contract)
    return actions.request_changes(milestone_id=milestone.id, by=by, expected_version=None, note="Again")


PROTECTED = [funded_milestone, started_milestone, submitted_milestone, sent_back_milestone, approved_milestone]


@pytest.mark.parametrize("stage", PROTECTED)
def test_money_that_went_back_ends_the_milestone_at_every_stage_and_the_unpaid_contract(stage, clock, published):
    milestone = stage()
    hear(handlers.on_escrow_refunded, refunded(milestone))
    milestone.refresh_from_db()
    assert (milestone.state, milestone.refunded_minor, milestone.paid_minor) == ("refunded", 50000, 0)
    assert milestone.refunded_at is not None
    assert milestone.released_at is None
    ended = [(event.outcome, event.paid) for event in published.of(ContractEnded)]
    assert ended == [("cancelled", cedis(0))]
    approvals = len(published.of(MilestoneApproved))
    clock.advance(days=30)
    assert (run_deadlines(), len(published.of(MilestoneApproved))) == (0, approvals)


@pytest.mark.parametrize("stage", PROTECTED)
def test_money_that_was_released_pays_the_milestone_at_every_stage(stage):
    milestone = stage()
    event = told(EscrowReleased, milestone.contract, milestone.id, **sums(cedis(500)))
    hear(handlers.on_escrow_released, event)
    milestone.refresh_from_db()
    assert (milestone.state, milestone.paid_minor, milestone.fee_minor) == ("released", 50000, 5000)
    assert not Deadline.objects.exists()
    assert Contract.objects.get().state == "completed"


def test_a_split_pays_both_and_completes_the_contract(published):
    milestone = submitted_milestone()
    hear(handlers.on_escrow_refunded, refunded(milestone, paid=cedis(200)))
    milestone.refresh_from_db()
    assert (milestone.state, milestone.paid_minor, milestone.refunded_minor) == ("split", 20000, 30000)
    assert (milestone.fee_minor, milestone.net_minor) == (2000, 18000)
    assert None not in (milestone.released_at, milestone.refunded_at)
    assert [(event.outcome, event.paid) for event in published.of(ContractEnded)] == [("completed", cedis(200))]


def test_what_is_settled_is_neither_approved_nor_sent_back_nor_handed_in():
    milestone = submitted_milestone()
    hear(handlers.on_escrow_refunded, refunded(milestone))
    at = {"milestone_id": milestone.id, "expected_version": None}
    hirer, worker = as_hirer(milestone.contract), as_worker(milestone.contract)
    for act in (
        lambda: actions.approve_milestone(**at, by=hirer),
        lambda: actions.request_changes(**at, by=hirer, note="Again"),
        lambda: actions.submit_milestone(**at, by=worker, note="Here", file_ids=[]),
    ):
        with pytest.raises(InvalidTransition):
            act()


def test_parts_are_counted_once_and_the_rest_goes_on():
    milestone = submitted_milestone()
    for number in (1, 2):
        hear(handlers.on_escrow_part_released, part(milestone, number, cedis(100)))
    milestone.refresh_from_db()
    assert (milestone.state, milestone.paid_minor, milestone.fee_minor) == ("submitted", 20000, 2000)
    assert list(milestone.parts.order_by("number").values_list("number", "net_minor")) == [(1, 9000), (2, 9000)]
    hear(handlers.on_escrow_released, told(EscrowReleased, milestone.contract, milestone.id, **sums(cedis(500))))
    milestone.refresh_from_db()
    assert (milestone.state, milestone.paid_minor, milestone.net_minor) == ("released", 50000, 45000)


def test_a_part_does_not_stop_the_clock(clock, published):
    """The clock belongs to the submission: other changes of the row leave it running."""
    milestone = submitted_milestone()
    hear(handlers.on_escrow_part_released, part(milestone, 1, cedis(100)))
    clock.advance(days=14)
    assert run_deadlines() == 1
    assert [event.by for event in published.of(MilestoneApproved)] == ["clock"]


def test_a_refund_after_a_part_is_a_split():
    milestone = submitted_milestone()
    hear(handlers.on_escrow_part_released, part(milestone, 1, cedis(100)))
    hear(handlers.on_escrow_refunded, refunded(milestone, paid=cedis(100)))
    milestone.refresh_from_db()
    assert (milestone.state, milestone.paid_minor, milestone.refunded_minor) == ("split", 10000, 40000)


def test_a_contract_ends_with_its_last_milestone_and_counts_what_was_paid(published):
    contract = active_contract(steps=3)
    first, second, third = (submitted_milestone(Contract.objects.get(id=contract.id)) for _ in range(3))
    hear(handlers.on_escrow_refunded, refunded(first))
    hear(handlers.on_escrow_refunded, refunded(second, paid=cedis(200)))
    assert published.of(ContractEnded) == []
    hear(handlers.on_escrow_released, told(EscrowReleased, contract, third.id, **sums(cedis(500))))
    assert [(event.outcome, event.paid) for event in published.of(ContractEnded)] == [("completed", cedis(700))]


def test_weeks_count_for_the_contract_and_are_no_milestones(api):
    contract = active_contract()
    paid_week, halved = new_id(), new_id()
    monday, next_monday = (date.fromisocalendar(2026, week, 1) for week in (40, 41))
    facts = {"amount": cedis(400), "refunded": cedis(300), **sums(cedis(100))}
    hear(handlers.on_week_released, told(WeekReleased, contract, paid_week, week=monday, **sums(cedis(800))))
    one_part = told(EscrowPartReleased, contract, halved, number=1, week=next_monday, **sums(cedis(100)))
    hear(handlers.on_escrow_part_released, one_part)
    hear(handlers.on_escrow_refunded, told(EscrowRefunded, contract, halved, week=next_monday, **facts))
    assert SettledWeek.objects.count() == 2
    seen = api.as_(as_worker(contract)).get(f"/contracts/{contract.id}").json
    assert (seen["paid"]["amount"], seen["refunded"]["amount"], seen["state"]) == (90000, 30000, "active")


def test_money_of_a_contract_that_nobody_knows_waits():
    """Events of one contract keep their order, so this is a fault that staff must see, not one to swallow."""
    week = {"week_id": new_id(), "contract_id": new_id(), "monday": date(2026, 10, 5)}
    with pytest.raises(NotFound):
        settlements.mark_week_settled(**week, settlement=Settlement(fee=cedis(1), net=cedis(9), refunded=cedis(0)))
    with pytest.raises(NotFound):
        settlements.mark_part_paid(milestone_id=new_id(), number=1, fee=cedis(1), net=cedis(9))


def test_what_was_paid_and_refunded_stands_in_the_milestone(api):
    milestone = submitted_milestone()
    hear(handlers.on_escrow_refunded, refunded(milestone, paid=cedis(200)))
    for side in (as_hirer, as_worker):
        seen = api.as_(side(milestone.contract)).get(f"/milestones/{milestone.id}").json
        assert (seen["state"], seen["paid"]["amount"], seen["refunded"]["amount"]) == ("split", 20000, 30000)
        assert (seen["auto_approve_at"], seen["available_transitions"]) == (None, [])
