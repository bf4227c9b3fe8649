"""What is true of refunds and chargebacks at every moment: clauses of the eighth invariant."""

from typing import Final

OF_REFUNDS: Final = """
        UNION SELECT r.id::text, 'refund hold' FROM payments_refund r
        LEFT JOIN payments_ledgeraccount a ON a.key = 'refund:' || r.id
        WHERE coalesce(a.balance, 0) <> CASE WHEN r.state = 'processing' THEN r.amount_minor ELSE 0 END
        UNION SELECT a.key, 'refund hold of nothing' FROM payments_ledgeraccount a
        WHERE a.key LIKE 'refund:%' AND a.balance <> 0
        AND NOT EXISTS (SELECT 1 FROM payments_refund r WHERE a.key = 'refund:' || r.id)
        UNION SELECT r.id::text, 'refund settled' FROM payments_refund r
        LEFT JOIN payments_ledgertransaction t ON t.idem = CASE r.made_there
            WHEN '' THEN 'refund:' || r.id || ':settle' ELSE r.gateway || ':' || r.made_there || ':refunded' END
        WHERE (r.state <> 'processing') <> (t.id IS NOT NULL)
        UNION SELECT min(r.deposit_id::text), 'refunded more than charged' FROM payments_refund r
        JOIN payments_ledgertransaction t ON t.idem = r.gateway || ':' || r.charge_ref || ':succeeded'
        JOIN payments_ledgerentry e ON e.txn_id = t.id AND e.amount > 0
        WHERE r.made_there = '' AND r.state NOT IN ('failed', 'returned')
        GROUP BY r.gateway, r.charge_ref HAVING sum(r.amount_minor) > max(e.amount)"""

OF_CHARGEBACKS: Final = """
        UNION SELECT c.id::text, 'chargeback ' || c.state FROM payments_chargeback c
        LEFT JOIN payments_ledgertransaction t ON t.idem = c.gateway || ':' || c.ref || ':withdrawn'
        LEFT JOIN payments_ledgertransaction b ON b.idem = c.gateway || ':' || c.ref || ':reinstated'
        WHERE (t.id IS NULL) <> (c.state IN ('inquiry', 'closed')) OR (b.id IS NOT NULL) <> (c.state = 'reinstated')
        UNION SELECT a.key, 'owed to a debtor, or by nobody known' FROM payments_ledgeraccount a
        WHERE a.key LIKE 'receivable:%' AND (a.balance > 0 OR a.balance < 0 AND NOT EXISTS (
            SELECT 1 FROM payments_receivable r WHERE a.key = 'receivable:' || r.user_id || ':' || r.currency))"""
