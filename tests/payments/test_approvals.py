"""Work is approved where it is kept; what is paid for it, and that no clock of ours runs beside."""

from datetime import date

import pytest

from domains.payments import actions, handlers, rules, tasks
from domains.payments.actions import disputes, escrows, reviews
from domains.payments.models import Deadline, Escrow
from kelmah.db import atomic
from kelmah.errors import InvalidTransition, NotFound
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import MilestoneApproved, MilestoneFundingRequested
from kelmah.interfaces.payments.events import EscrowRefunded, EscrowReleased
from tests.payments.factories import FundingFactory, cedis, funded_escrow, in_wallet, rich, ruling, state_of

pytestmark = pytest.mark.domain("payments")


def facts_of(escrow: Escrow) -> dict:
    names = ("milestone_id", "contract_id", "hirer_id", "worker_id", "title", "amount")
    return {name: getattr(escrow, name) for name in names}


def approve(escrow: Escrow, *, times: int = 2) -> None:
    for _ in range(times):
        with atomic("payments"):
            handlers.on_milestone_approved(MilestoneApproved(**facts_of(escrow), by="clock"))


def of_a_milestone() -> Escrow:
    """Funded as contracts asks for it."""
    asked = FundingFactory()
    rich(asked.amount, asked.hirer_id)
    facts = {name: getattr(asked, name) for name in ("milestone_id", "contract_id", "hirer_id", "worker_id", "title")}
    with atomic("payments"):
        handlers.on_milestone_funding_requested(
            MilestoneFundingRequested(**facts, amount=asked.amount, fee_plan="standard", request=1)
        )
    return Escrow.objects.get(milestone_id=asked.milestone_id)


def test_silence_about_a_milestone_is_counted_by_contracts_alone(clock):
    escrow = of_a_milestone()
    assert escrow.review_hours is None
    with pytest.raises(rules.NoReview):
        reviews.start_review(milestone_id=escrow.milestone_id, submission=1)
    clock.advance(days=365)
    assert (tasks.run_deadlines(), Deadline.objects.count(), state_of(escrow)) == (0, 0, "funded")
    approve(escrow)
    assert (state_of(escrow), in_wallet(escrow.worker_id)) == ("released", 112500)


@pytest.mark.parametrize(("to_worker", "outcome"), [(0, ("refunded", 0, 125000)), (625, ("split", 56250, 62500))])
def test_an_approval_that_comes_after_another_end_of_the_money_changes_nothing(published, to_worker, outcome):
    """Row 10: they crossed on their way; contracts hears of the end and follows."""
    escrow = of_a_milestone()
    escrows.settle_escrow(milestone_id=escrow.milestone_id, to_worker=cedis(to_worker))
    approve(escrow)
    assert (state_of(escrow), in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)) == outcome
    assert (len(published.of(EscrowRefunded)), published.of(EscrowReleased)) == (1, [])


def test_an_approval_after_parts_pays_the_rest():
    escrow = of_a_milestone()
    escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(250))
    approve(escrow)
    assert in_wallet(escrow.worker_id) == 112500


def test_an_approval_waits_while_the_money_is_disputed_and_for_its_funding():
    escrow, dispute_id = of_a_milestone(), new_id()
    disputes.freeze(dispute_id=dispute_id, milestone_id=escrow.milestone_id)
    with pytest.raises(InvalidTransition):
        approve(escrow)
    disputes.unfreeze(dispute_id=dispute_id)
    approve(escrow)
    assert state_of(escrow) == "released"
    with pytest.raises(NotFound):
        escrows.release_approved(milestone_id=new_id())


def test_what_goes_back_of_a_week_names_its_monday(published):
    escrow = funded_escrow()
    escrow.week = date.fromisocalendar(2026, 40, 1)
    escrow.save(update_fields=["week"])
    escrows.release_part(milestone_id=escrow.milestone_id, number=1, amount=cedis(250))
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
    assert [event.week for event in published.of(EscrowRefunded)] == [escrow.week]
