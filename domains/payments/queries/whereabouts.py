"""Where the money of somebody is, seen at one moment: between two looks it may go from one place to another."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connections

from domains.payments import rules

_WHEREABOUTS = """
SELECT
    (SELECT count(*) FROM payments_ledgeraccount
     WHERE balance <> 0 AND (key LIKE %(wallet)s OR key LIKE %(own)s OR key LIKE %(receivable)s)),
    (SELECT count(*) FROM payments_deposit WHERE user_id = %(user)s AND state IN ('processing', 'in_review'))
    + (SELECT count(*) FROM payments_payout WHERE user_id = %(user)s AND state IN ('processing', 'in_review'))
    + (SELECT count(*) FROM payments_refund WHERE user_id = %(user)s AND state IN ('processing', 'in_review')),
    (SELECT count(*) FROM payments_escrow
     WHERE settled_at IS NULL AND (hirer_id = %(user)s OR worker_id = %(user)s))
    + (SELECT count(*) FROM payments_moneyhold WHERE payer_id = %(user)s AND state = 'held')
"""


@dataclass(frozen=True)
class Whereabouts:
    """How many accounts that are not empty, transfers without an outcome, and sums kept for work or a purpose."""

    in_wallets: int
    on_its_way: int
    protected: int


def whereabouts(user_id: UUID) -> Whereabouts:
    """One statement: what is paid out of protection at this moment is in one of the two places, never in neither."""
    keys = {
        "wallet": f"{rules.wallet(user_id)}%",
        "own": f"own:{rules.wallet(user_id)}%",
        "receivable": f"receivable:{user_id}:%",
    }
    with connections["payments"].cursor() as cursor:
        cursor.execute(_WHEREABOUTS, {**keys, "user": user_id})
        return Whereabouts(*cursor.fetchone())
