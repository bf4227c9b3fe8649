"""Protected funds and fee plans, for those who change them."""

from uuid import UUID

from django.db import connections

from domains.payments import rules
from domains.payments.models import Chargeback, DisputedFunds, Escrow, FeePlan
from domains.payments.queries.objects import lock_escrow, the
from kelmah.money import Money

# First in, first out: which of the money that came into a wallet is the money that left it.
_FED = """
WITH moves AS (
    SELECT t.idem, t.kind, t.reference ->> 'deposit_id' AS deposit, abs(e.amount) AS amount,
           coalesce(sum(e.amount) FILTER (WHERE e.amount > 0) OVER earlier, 0) AS came_before,
           coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0) OVER earlier, 0) AS left_before
    FROM payments_ledgeraccount a
    JOIN payments_ledgerentry e ON e.account_id = a.id
    JOIN payments_ledgertransaction t ON t.id = e.txn_id
    WHERE a.key = %(wallet)s
    WINDOW earlier AS (ORDER BY e.account_version ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
SELECT EXISTS (
    SELECT 1 FROM moves paid_in JOIN moves funded ON funded.idem = %(funding)s
    WHERE paid_in.kind = 'deposit' AND paid_in.deposit = ANY(%(deposits)s)
    AND paid_in.came_before < funded.left_before + funded.amount
    AND funded.left_before < paid_in.came_before + paid_in.amount)
"""


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


def is_frozen(escrow: Escrow) -> bool:
    """Whether a bank has taken back a deposit that fed the escrow, and that is not over.

    Wallets are spent first in, first out. A deposit that reached no wallet fed nothing; an inquiry takes nothing.
    """
    taken = Chargeback.objects.filter(user_id=escrow.hirer_id, state="withdrawn", source="wallet")
    deposits = [str(deposit_id) for deposit_id in taken.values_list("deposit_id", flat=True)]
    if not deposits:
        return False
    wallet = rules.available(escrow.hirer_id, escrow.currency)
    with connections["payments"].cursor() as cursor:
        funding = rules.funded(escrow.milestone_id)
        cursor.execute(_FED, {"wallet": wallet, "funding": funding, "deposits": deposits})
        return bool(cursor.fetchone()[0])


def is_held_up(escrow: Escrow) -> bool:
    """Whether what it still holds is frozen."""
    return escrow.settled_at is None and is_frozen(escrow)


def check_not_frozen(escrow: Escrow) -> None:
    """Raises FundsFrozen."""
    if is_frozen(escrow):
        raise rules.FundsFrozen()


def lock_fee_plan(pk: int) -> FeePlan:
    """A version of a fee plan, locked until the transaction ends. Raises NotFound."""
    return the(FeePlan.objects.select_for_update().filter(pk=pk), "There is no such fee plan.")
