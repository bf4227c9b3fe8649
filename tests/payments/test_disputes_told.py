"""What payments does when contracts tells of disputes; each is told twice."""

import pytest

from domains.payments import actions, handlers
from domains.payments.models import DisputedFunds, Escrow
from kelmah.db import atomic
from kelmah.errors import NotFound
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import DisputeOpened, DisputeResolved, DisputeWithdrawn
from kelmah.interfaces.payments.events import EscrowRefunded, EscrowReleased
from kelmah.money import Money
from tests.payments.factories import cedis, funded_escrow, in_wallet, ruling, state_of

pytestmark = pytest.mark.domain("payments")


class Case:
    """A dispute about an escrow, as contracts tells of it: each fact twice."""

    def __init__(self, escrow: Escrow) -> None:
        names = ("milestone_id", "contract_id", "hirer_id", "worker_id", "title")
        self.facts = {"dispute_id": new_id(), **{name: getattr(escrow, name) for name in names}}

    def opened(self) -> None:
        self._told(handlers.on_dispute_opened, DisputeOpened(**self.facts, role="hirer"))

    def withdrawn(self) -> None:
        self._told(handlers.on_dispute_withdrawn, DisputeWithdrawn(**self.facts, role="hirer"))

    def resolved(self, to_worker: Money) -> None:
        self._told(handlers.on_dispute_resolved, DisputeResolved(**self.facts, to_worker=to_worker))

    def _told(self, handler, event) -> None:
        for _ in range(2):
            with atomic("payments"):
                handler(event)


@pytest.mark.parametrize(
    ("to_worker", "outcome"),
    [(1250, ("released", 112500, 0)), (0, ("refunded", 0, 125000)), (625, ("split", 56250, 62500))],
)
def test_what_is_disputed_is_frozen_and_paid_as_decided(published, to_worker, outcome):
    escrow = funded_escrow()
    case = Case(escrow)
    case.opened()
    assert state_of(escrow) == "disputed"
    case.resolved(cedis(to_worker))
    assert (state_of(escrow), in_wallet(escrow.worker_id), in_wallet(escrow.hirer_id)) == outcome
    assert len(published.of(EscrowReleased)) + len(published.of(EscrowRefunded)) == 1


def test_a_withdrawn_dispute_leaves_the_money_as_it_was():
    escrow = funded_escrow()
    case = Case(escrow)
    case.opened()
    case.withdrawn()
    assert (state_of(escrow), Escrow.objects.get().held) == ("funded", cedis(1250))
    actions.release_escrow(milestone_id=escrow.milestone_id)
    assert in_wallet(escrow.worker_id) == 112500


def test_an_end_that_is_heard_before_its_beginning_is_tried_again_and_not_let_go_by():
    """Each handler hears the facts of a contract in order, but nothing orders two handlers: what was opened and
    withdrawn at once would otherwise stay frozen for ever."""
    escrow = funded_escrow()
    case = Case(escrow)
    for ended in (case.withdrawn, lambda: case.resolved(cedis(0))):
        with pytest.raises(NotFound):
            ended()
    case.opened()
    case.withdrawn()
    assert state_of(escrow) == "funded"


def test_a_dispute_that_comes_after_the_end_of_the_money_changes_nothing():
    """Row 10: staff refunded while the dispute was on its way."""
    escrow = funded_escrow()
    actions.refund_escrow(milestone_id=escrow.milestone_id, ruling=ruling())
    case = Case(escrow)
    case.opened()
    case.resolved(cedis(1250))
    case.withdrawn()
    assert (state_of(escrow), in_wallet(escrow.hirer_id), DisputedFunds.objects.count()) == ("refunded", 125000, 0)
