"""Protected funds and fee plans, for those who change them."""

from uuid import UUID

from django.db import connections

from domains.payments import rules
from domains.payments.models import Chargeback, DisputedFunds, Escrow, FeePlan
from domains.payments.queries.objects import lock_escrow, the
from kelmah.money import EXPONENTS, Money

# First in, first out: which of the money that came into a wallet is the money that left it. What left for something and
# came back of it, or came out of an exchange in another currency, is that money still.
_FED = """
WITH RECURSIVE moves AS (
    SELECT a.key AS wallet, t.id AS txn, t.idem, t.kind, t.reference ->> 'deposit_id' AS deposit, e.amount,
           coalesce(t.reference ->> 'milestone_id', t.reference ->> 'quote_id', t.reference ->> 'hold_id',
                    t.reference ->> 'payout_id', t.reference ->> 'refund_id') AS subject,
           coalesce(sum(e.amount) FILTER (WHERE e.amount > 0) OVER earlier, 0) AS came_before,
           coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0) OVER earlier, 0) AS left_before
    FROM payments_ledgeraccount a
    JOIN payments_ledgerentry e ON e.account_id = a.id
    JOIN payments_ledgertransaction t ON t.id = e.txn_id
    WHERE a.key = ANY(%(wallets)s)
    WINDOW earlier AS (
        PARTITION BY a.key ORDER BY e.account_version ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
taken (wallet, txn, begins, ends) AS (
    SELECT wallet, txn, came_before, came_before + amount FROM moves
    WHERE amount > 0 AND kind IN ('deposit', 'suspense_settled') AND deposit = ANY(%(deposits)s)
    UNION
    SELECT back.wallet, back.txn, back.came_before, back.came_before + back.amount
    FROM taken
    JOIN moves spent ON spent.wallet = taken.wallet AND spent.amount < 0
        AND taken.begins < spent.left_before - spent.amount AND spent.left_before < taken.ends
    JOIN moves back ON back.subject = spent.subject AND back.amount > 0 AND back.txn >= spent.txn)
SELECT EXISTS (
    SELECT FROM taken JOIN moves funded ON funded.idem = %(funding)s AND funded.wallet = taken.wallet
    WHERE taken.begins < funded.left_before - funded.amount AND funded.left_before < taken.ends)
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

    Wallets are spent first in, first out; what was changed into another currency, or came back and was spent anew, is
    followed. A deposit that reached no wallet fed nothing; an inquiry takes nothing.
    """
    taken = Chargeback.objects.filter(user_id=escrow.hirer_id, state="withdrawn", source="wallet")
    deposits = [str(deposit_id) for deposit_id in taken.values_list("deposit_id", flat=True)]
    if not deposits:
        return False
    wallets = [rules.available(escrow.hirer_id, currency) for currency in EXPONENTS]
    with connections["payments"].cursor() as cursor:
        funding = rules.funded(escrow.milestone_id)
        cursor.execute(_FED, {"wallets": wallets, "funding": funding, "deposits": deposits})
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
