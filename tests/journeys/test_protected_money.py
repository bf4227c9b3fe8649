"""Contracts and payments side by side: whoever ends a milestone, both say the same, and the money moved once.

Events wait between them until somebody delivers (``drain``): until then payments may as well be down.
"""

import pytest

from domains.contracts import tasks as of_contracts
from domains.contracts.actions import disputes
from domains.contracts.models import Contract, Dispute, Milestone
from domains.payments import actions as of_payments
from domains.payments import tasks as of_money
from domains.payments.actions import escrows
from domains.payments.models import Escrow
from domains.payments.queries.invariants import contradictions
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import ContractEnded, MilestoneApproved
from kelmah.money import Money
from tests.contracts.factories import active_contract, as_hirer, as_worker, cedis
from tests.payments.factories import in_wallet, rich, ruling, state_of

pytestmark = pytest.mark.domain("contracts", "payments")


class Story:
    """One milestone of GHS 500 and the two who agreed on it, over HTTP."""

    def __init__(self, api, drain) -> None:
        self.api, self.drain = api, drain
        self.contract = active_contract(hirer_id=rich(cedis(500)).user_id)
        self.path = f"/milestones/{self.contract.milestones.get().id}"
        self.does("hirer", "fund")
        drain()

    def does(self, side: str, step: str, body: dict | None = None) -> dict:
        by = self.api.as_({"hirer": as_hirer, "worker": as_worker}[side](self.contract))
        version = by.get(self.path).json["version"]
        answer = by.post(f"{self.path}/{step}", body, if_match=version, idempotency_key=new_id())
        assert answer.status in (200, 202), answer
        return answer.json

    @property
    def escrow(self) -> Escrow:
        return Escrow.objects.get(contract_id=self.contract.id)

    def end(self) -> tuple[str, str, str, int, int]:
        """What both say in the end, after everything was delivered twice and every clock had its chance."""
        for _ in range(2):
            self.drain()
            of_contracts.run_deadlines()
            of_money.run_deadlines()
        assert contradictions() == []
        milestone, contract = Milestone.objects.get(), Contract.objects.get()
        assert milestone.paid_minor == self.escrow.released_minor
        assert milestone.refunded_minor == self.escrow.refunded_minor
        wallets = in_wallet(contract.worker_id), in_wallet(contract.hirer_id)
        return contract.state, milestone.state, self.escrow.state, *wallets


PAID = ("completed", "released", "released", 45000, 0)
BACK = ("cancelled", "refunded", "refunded", 0, 50000)


@pytest.fixture
def story(api, drain) -> Story:
    return Story(api, drain)


def test_silence_is_counted_once_and_pays_once(story, clock, published):
    shown = story.does("worker", "submit", {"note": "Done."})
    story.drain()
    assert shown["auto_approve_at"] is not None
    clock.advance(days=13, hours=23)
    assert (of_contracts.run_deadlines(), of_money.run_deadlines()) == (0, 0)
    clock.advance(hours=2)
    assert of_money.run_deadlines() == 0  # no clock runs there
    assert of_contracts.run_deadlines() == 1
    assert story.end() == PAID
    assert [event.by for event in published.of(MilestoneApproved)] == ["clock"]
    assert [event.paid for event in published.of(ContractEnded)] == [cedis(500)]


def test_payments_that_is_down_for_a_month_pays_what_the_clock_approved_meanwhile(story, clock):
    story.does("worker", "submit", {"note": "Done."})
    clock.advance(days=15)
    assert of_contracts.run_deadlines() == 1
    assert (Milestone.objects.get().state, state_of(story.escrow)) == ("approved", "funded")
    clock.advance(days=30)
    assert story.end() == PAID


def test_changes_asked_for_in_time_stop_the_clock_though_nobody_could_tell_payments(story, clock):
    """Row 22: what was said in time counts, not when it was heard."""
    story.does("worker", "submit", {"note": "Done."})
    clock.advance(days=13)
    story.does("hirer", "request_changes", {"note": "The third door"})
    clock.advance(days=60)
    assert (of_contracts.run_deadlines(), of_money.run_deadlines()) == (0, 0)
    assert story.end() == ("active", "changes_requested", "funded", 0, 0)
    story.does("worker", "submit", {"note": "Mended."})
    clock.advance(days=13)
    assert of_contracts.run_deadlines() == 0
    clock.advance(days=1, hours=1)
    assert story.end() == PAID


@pytest.mark.parametrize("approved_by", ["hirer", "clock"])
def test_row_10_an_approval_and_a_refund_that_cross_end_as_the_money_did(story, clock, approved_by):
    story.does("worker", "submit", {"note": "Done."})
    if approved_by == "hirer":
        story.does("hirer", "approve")
    else:
        clock.advance(days=15)
        of_contracts.run_deadlines()
    of_payments.refund_escrow(milestone_id=story.escrow.milestone_id, ruling=ruling())
    assert Milestone.objects.get().state == "approved"
    assert story.end() == BACK


def test_a_refund_that_is_told_before_the_end_of_the_review_leaves_the_clock_nothing(story, clock, published):
    story.does("worker", "submit", {"note": "Done."})
    of_payments.refund_escrow(milestone_id=story.escrow.milestone_id, ruling=ruling())
    story.drain()
    clock.advance(days=15)
    assert story.end() == BACK
    assert published.of(MilestoneApproved) == []


def test_a_part_and_then_what_both_agreed_on_stand_on_both_sides(story):
    escrows.release_part(milestone_id=story.escrow.milestone_id, number=1, amount=cedis(100))
    story.does("worker", "submit", {"note": "Half of it."})
    story.drain()
    escrows.settle_escrow(milestone_id=story.escrow.milestone_id, to_worker=cedis(200))
    assert story.end() == ("completed", "split", "split", 27000, 20000)
    seen = story.api.as_(as_worker(story.contract)).get(f"/contracts/{story.contract.id}").json
    assert (seen["paid"]["amount"], seen["refunded"]["amount"]) == (30000, 20000)


def ruled(to_worker) -> None:
    dispute_id = Dispute.objects.get(state="open").id
    disputes.decide_dispute(dispute_id=dispute_id, to_worker=to_worker, by=new_id(), reason="Seen on the photos")


def test_a_dispute_freezes_the_money_and_stops_the_clock_until_it_is_taken_back(story, clock):
    story.does("worker", "submit", {"note": "Done."})
    clock.advance(days=10)
    story.does("hirer", "dispute", {"reason": "Two doors are missing."})
    clock.advance(days=60)
    assert story.end() == ("active", "submitted", "disputed", 0, 0)
    story.does("hirer", "withdraw_dispute")
    clock.advance(days=3)
    assert story.end() == ("active", "submitted", "funded", 0, 0)
    clock.advance(days=1, hours=1)
    assert story.end() == PAID


@pytest.mark.parametrize(
    ("minor", "outcome"),
    [(50000, PAID), (0, BACK), (20000, ("completed", "split", "split", 18000, 30000))],
)
@pytest.mark.parametrize("told_at_once", [True, False])
def test_a_ruling_moves_the_money_as_it_says(story, minor, outcome, told_at_once):
    story.does("worker", "dispute", {"reason": "Nobody lets me in."})
    if told_at_once:
        story.drain()
    ruled(Money(minor, "GHS"))
    assert story.end() == outcome


def test_row_10_a_dispute_and_a_refund_by_staff_that_cross_end_as_the_money_did(story):
    story.does("worker", "submit", {"note": "Done."})
    story.does("worker", "dispute", {"reason": "Nobody answers."})
    of_payments.refund_escrow(milestone_id=story.escrow.milestone_id, ruling=ruling())
    assert story.end() == BACK
    assert Dispute.objects.get().state == "overtaken"
