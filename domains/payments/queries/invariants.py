"""Eight things that are true of the books at every moment, as SQL that returns what contradicts them.

Each is one statement and so sees one moment; none takes a lock.
"""

from dataclasses import dataclass
from typing import Final

from django.db import connections

from domains.payments.queries.refund_invariants import OF_CHARGEBACKS, OF_REFUNDS

_OF_TRANSFERS: Final = """
        SELECT p.id::text, 'payout hold' FROM payments_payout p
        LEFT JOIN payments_ledgeraccount a ON a.key = 'payout:' || p.id
        WHERE coalesce(a.balance, -1) <> CASE WHEN p.state = 'processing' THEN p.amount_minor ELSE 0 END
        UNION SELECT a.key, 'payout hold of nothing' FROM payments_ledgeraccount a
        WHERE a.key LIKE 'payout:%' AND a.balance <> 0
        AND NOT EXISTS (SELECT 1 FROM payments_payout p WHERE a.key = 'payout:' || p.id)
        UNION SELECT p.id::text, 'payout settled' FROM payments_payout p
        LEFT JOIN payments_ledgertransaction t ON t.idem = 'payout:' || p.id || ':settle'
        WHERE (p.state <> 'processing') <> (t.id IS NOT NULL)
        UNION SELECT p.id::text, 'payout of its owner' FROM (
            SELECT id, amount_minor, state, CASE WHEN owner LIKE 'user:%' AND purpose IN ('available', 'earnings')
                THEN owner || ':available:' || currency
                ELSE 'own:' || owner || ':' || purpose || ':' || currency END AS account FROM payments_payout) p
        LEFT JOIN payments_ledgertransaction t ON t.idem IN (
            'payout:' || p.id || ':hold', 'payout:' || p.id || ':settle', 'payout:' || p.id || ':returned')
        LEFT JOIN payments_ledgeraccount a ON a.key = p.account
        LEFT JOIN payments_ledgerentry e ON e.txn_id = t.id AND e.account_id = a.id
        GROUP BY p.id, p.state, p.amount_minor
        HAVING coalesce(sum(e.amount), 0) <> CASE WHEN p.state IN ('failed', 'returned') THEN 0 ELSE -p.amount_minor END
        UNION SELECT d.id::text, 'deposit credited' FROM payments_deposit d
        LEFT JOIN (
            SELECT t.reference ->> 'deposit_id' AS deposit, e.currency, sum(e.amount) AS credited
            FROM payments_ledgertransaction t JOIN payments_ledgerentry e ON e.txn_id = t.id
            JOIN payments_ledgeraccount a ON a.id = e.account_id
            WHERE t.kind = 'deposit' AND a.key LIKE 'user:%' GROUP BY 1, 2) c ON c.deposit = d.id::text
        WHERE c.credited IS DISTINCT FROM d.credited_minor OR c.currency IS DISTINCT FROM d.credited_currency
        UNION SELECT q.id::text, 'exchange' FROM payments_exchangequote q
        LEFT JOIN payments_ledgertransaction t ON t.idem = 'exchange:' || q.id
        WHERE (q.accepted_at IS NOT NULL) <> (t.id IS NOT NULL)
        UNION SELECT q.id::text, 'exchanged' FROM payments_exchangequote q
        JOIN payments_ledgertransaction t ON t.idem = 'exchange:' || q.id
        WHERE (SELECT count(*) FROM payments_ledgerentry e JOIN payments_ledgeraccount a ON a.id = e.account_id
               WHERE e.txn_id = t.id AND (a.key, e.amount) IN (
                   ('user:' || q.user_id || ':available:' || q.sold_currency, -q.sold_minor),
                   ('user:' || q.user_id || ':available:' || q.bought_currency, q.bought_minor))) <> 2
        UNION SELECT c.subject_id::text, c.kind || ' and order' FROM payments_gatewaycommand c
        LEFT JOIN (
            SELECT 'charge' AS kind, id, state FROM payments_deposit
            UNION ALL SELECT 'payout', id, state FROM payments_payout
            UNION ALL SELECT 'refund', id, state FROM payments_refund) s ON s.kind = c.kind AND s.id = c.subject_id
        WHERE (s.state = 'processing') IS DISTINCT FROM (c.state NOT IN ('succeeded', 'rejected', 'returned'))"""

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
    "nobody is below their floor, and people's floor is zero": """
        SELECT key, balance FROM payments_ledgeraccount WHERE balance < floor
        UNION SELECT key, floor FROM payments_ledgeraccount
        WHERE key ~ '^(user|escrow|dispute|payout|refund|hold|own):' AND (floor IS DISTINCT FROM 0 OR balance < 0)
        UNION SELECT a.key, e.balance_after FROM payments_ledgerentry e
        JOIN payments_ledgeraccount a ON a.id = e.account_id WHERE e.balance_after < a.floor""",
    "every entry is in its account's currency": """
        SELECT e.txn_id, e.seq FROM payments_ledgerentry e JOIN payments_ledgeraccount a ON a.id = e.account_id
        WHERE e.currency <> a.currency""",
    "every escrow and hold has what has not left it, every settled one nothing": """
        SELECT s.milestone_id::text, a.balance FROM payments_escrow s
        LEFT JOIN payments_ledgeraccount a ON a.key = 'escrow:' || s.milestone_id
        WHERE coalesce(a.balance, -1) <>
              CASE WHEN s.state = 'funded' THEN s.amount_minor - s.released_minor - s.refunded_minor ELSE 0 END
           OR a.currency <> s.currency
        UNION SELECT a.key, a.balance FROM payments_ledgeraccount a WHERE a.key LIKE 'escrow:%' AND a.balance <> 0
        AND NOT EXISTS (SELECT 1 FROM payments_escrow s WHERE a.key = 'escrow:' || s.milestone_id)
        UNION SELECT s.milestone_id::text, t.id FROM payments_escrow s
        LEFT JOIN payments_ledgertransaction t ON t.idem = 'escrow:' || s.milestone_id || ':settle'
        WHERE t.kind IS DISTINCT FROM CASE s.state
            WHEN 'released' THEN 'escrow_release' WHEN 'refunded' THEN 'escrow_refund'
            WHEN 'split' THEN 'escrow_split' END
        UNION SELECT d.id::text, a.balance FROM payments_disputedfunds d
        JOIN payments_escrow s ON s.milestone_id = d.escrow_id
        LEFT JOIN payments_ledgeraccount a ON a.key = 'dispute:' || d.id
        WHERE coalesce(a.balance, -1) <> CASE WHEN d.state = 'frozen' THEN d.amount_minor ELSE 0 END
           OR d.state = 'frozen' AND (s.state <> 'disputed' OR d.amount_minor <> s.amount_minor - s.released_minor)
        UNION SELECT s.milestone_id::text, 0 FROM payments_escrow s WHERE s.state = 'disputed'
        AND NOT EXISTS (SELECT 1 FROM payments_disputedfunds d
                        WHERE d.escrow_id = s.milestone_id AND d.state = 'frozen')
        UNION SELECT a.key, a.balance FROM payments_ledgeraccount a WHERE a.key LIKE 'dispute:%' AND a.balance <> 0
        AND NOT EXISTS (SELECT 1 FROM payments_disputedfunds d WHERE a.key = 'dispute:' || d.id)
        UNION SELECT s.milestone_id::text, s.released_minor FROM payments_escrow s
        LEFT JOIN payments_escrowrelease r ON r.escrow_id = s.milestone_id
        GROUP BY s.milestone_id HAVING coalesce(sum(r.gross_minor), 0) <> s.released_minor
            OR coalesce(sum(r.fee_minor), 0) <> s.fee_minor
        UNION SELECT coalesce(a.key, w.key), a.balance FROM (
            SELECT 'user:' || s.worker_id || ':pending:' || s.currency AS key, sum(r.net_minor) AS waits
            FROM payments_escrowrelease r JOIN payments_escrow s ON s.milestone_id = r.escrow_id
            WHERE r.matures_at IS NOT NULL AND r.matured_at IS NULL GROUP BY 1) w
        FULL JOIN (SELECT key, balance FROM payments_ledgeraccount WHERE key LIKE 'user:%:pending:%') a ON a.key = w.key
        WHERE coalesce(a.balance, 0) <> coalesce(w.waits, 0)
        UNION SELECT h.key, a.balance FROM payments_moneyhold h
        LEFT JOIN payments_ledgeraccount a ON a.key = 'hold:' || h.id
        LEFT JOIN payments_ledgertransaction t ON t.idem = 'hold:' || h.id || ':settle'
        WHERE coalesce(a.balance, -1) <> CASE WHEN h.state = 'held' THEN h.amount_minor ELSE 0 END
           OR t.kind IS DISTINCT FROM CASE WHEN h.state <> 'held' THEN 'hold_' || h.state END
        UNION SELECT a.key, a.balance FROM payments_ledgeraccount a WHERE a.key LIKE 'hold:%' AND a.balance <> 0
        AND NOT EXISTS (SELECT 1 FROM payments_moneyhold h WHERE a.key = 'hold:' || h.id)""",
    "every deposit and payout agrees with the books and with its order": _OF_TRANSFERS + OF_REFUNDS + OF_CHARGEBACKS,
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
            cursor.execute(statement + " LIMIT 10")
            if rows := cursor.fetchall():
                found.append(Contradiction(invariant, rows))
    return found
