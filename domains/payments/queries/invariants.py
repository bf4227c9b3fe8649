"""Eight things that are true of the books at every moment, as SQL that returns what contradicts them."""

from dataclasses import dataclass
from typing import Final

from django.db import connections

INVARIANTS: Final = {
    "every currency sums to zero over all accounts": """
        SELECT currency, sum(balance) FROM payments_ledgeraccount GROUP BY currency HAVING sum(balance) <> 0""",
    "every transaction balances and has all its entries": """
        SELECT t.id, t.idem FROM payments_ledgertransaction t LEFT JOIN payments_ledgerentry e ON e.txn_id = t.id
        GROUP BY t.id HAVING count(e.seq) <> t.n
        UNION SELECT e.txn_id, min(e.currency) FROM payments_ledgerentry e
        GROUP BY e.txn_id, e.currency HAVING sum(e.amount) <> 0""",
    "every balance is the sum of its entries": """
        SELECT a.key, a.balance FROM payments_ledgeraccount a LEFT JOIN payments_ledgerentry e ON e.account_id = a.id
        GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0) OR a.version <> count(e.seq)""",
    "every account's history is gapless and adds up": """
        SELECT account_id, account_version FROM (
            SELECT account_id, account_version, balance_after, amount,
                   lag(balance_after, 1, 0::bigint) OVER w AS before,
                   row_number() OVER w AS place
            FROM payments_ledgerentry WINDOW w AS (PARTITION BY account_id ORDER BY account_version)) h
        WHERE place <> account_version OR before + amount <> balance_after""",
    "no balance is below its floor": """
        SELECT key, balance FROM payments_ledgeraccount WHERE balance < floor
        UNION SELECT key, floor FROM payments_ledgeraccount
        WHERE key ~ '^(user|escrow|payout):' AND floor IS DISTINCT FROM 0""",
    "every funded escrow holds its amount, every settled one nothing": """
        SELECT s.milestone_id, a.balance FROM payments_escrow s
        LEFT JOIN payments_ledgeraccount a ON a.key = 'escrow:' || s.milestone_id
        WHERE coalesce(a.balance, -1) <> CASE WHEN s.state = 'funded' THEN s.amount_minor ELSE 0 END
        UNION SELECT NULL, a.balance FROM payments_ledgeraccount a WHERE a.key LIKE 'escrow:%%' AND a.balance <> 0
        AND NOT EXISTS (SELECT 1 FROM payments_escrow s WHERE a.key = 'escrow:' || s.milestone_id)""",
    "every payout on its way holds its amount, every settled one nothing": """
        SELECT p.id, a.balance FROM payments_payout p
        LEFT JOIN payments_ledgeraccount a ON a.key = 'payout:' || p.id
        WHERE coalesce(a.balance, -1) <> CASE WHEN p.state = 'processing' THEN p.amount_minor ELSE 0 END""",
    "every finished deposit and payout is in the books exactly once, with its amount": """
        SELECT d.id, d.state FROM payments_deposit d
        LEFT JOIN payments_ledgertransaction t ON t.idem = 'deposit:' || d.id || ':credit'
        LEFT JOIN payments_ledgerentry e ON e.txn_id = t.id AND e.amount = d.amount_minor
        WHERE (d.state = 'succeeded') <> (e.txn_id IS NOT NULL)
        UNION SELECT p.id, p.state FROM payments_payout p
        LEFT JOIN payments_ledgertransaction t ON t.idem = 'payout:' || p.id || ':settle'
        WHERE (p.state <> 'processing') <> (t.id IS NOT NULL)""",
}


@dataclass(frozen=True)
class Contradiction:
    """An invariant and up to ten rows that break it."""

    invariant: str
    rows: list[tuple[object, ...]]


def contradictions() -> list[Contradiction]:
    """What is wrong with the books: nothing, or page somebody."""
    found = []
    with connections["payments"].cursor() as cursor:
        for invariant, statement in INVARIANTS.items():
            cursor.execute(statement.replace("%%", "%") + " LIMIT 10")
            if rows := cursor.fetchall():
                found.append(Contradiction(invariant, rows))
    return found
