"""Protected funds and fee plans, for those who change them."""

from uuid import UUID

from domains.payments.models import DisputedFunds, Escrow, FeePlan
from domains.payments.queries.objects import lock_escrow, the
from kelmah.money import Money


def lock_disputed(dispute_id: UUID) -> tuple[Escrow, DisputedFunds]:
    """An escrow and what a dispute froze of it: the escrow's row is locked first, as everywhere. Raises NotFound."""
    found = DisputedFunds.objects.filter(id=dispute_id)
    escrow = lock_escrow(the(found, "There is no such dispute.").escrow_id)
    return escrow, the(found, "There is no such dispute.")  # read again: it may have ended while we waited


def is_settled_so(escrow: Escrow, to_worker: Money) -> bool:
    """Whether the escrow's settlement gave the worker just this much, fee included."""
    if escrow.settled_at is None:
        return False
    settlement = escrow.releases.filter(number=0).first()
    return Money(settlement.gross_minor if settlement else 0, escrow.currency) == to_worker


def lock_fee_plan(pk: int) -> FeePlan:
    """A version of a fee plan, locked until the transaction ends. Raises NotFound."""
    return the(FeePlan.objects.select_for_update().filter(pk=pk), "There is no such fee plan.")
