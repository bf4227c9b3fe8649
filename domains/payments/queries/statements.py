"""The wallet statement: a hot list, built by one statement and rendered as it comes."""

from uuid import UUID

from django.db import connections

from domains.payments import rules

# Newest first by the account's own gapless version; one row more than asked for tells whether there is a next page.
_STATEMENT = """
SELECT coalesce(json_agg(line ORDER BY version DESC), '[]')::text, coalesce(min(version), 0), count(*)
FROM (
    SELECT e.account_version AS version, json_build_object(
        'id', t.id || '.' || e.seq,
        'at', to_char(t.event_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'kind', t.kind,
        'amount', json_build_object('amount', e.amount, 'currency', e.currency),
        'balance_after', json_build_object('amount', e.balance_after, 'currency', e.currency),
        'reference', t.reference - 'counterparty_id' || coalesce(
            (SELECT jsonb_build_object('title', s.title) FROM payments_escrow s
             WHERE s.milestone_id = (t.reference ->> 'milestone_id')::uuid), '{}'),
        'counterparty_id', t.reference -> 'counterparty_id'
    ) AS line
    FROM payments_ledgerentry e
    JOIN payments_ledgertransaction t ON t.id = e.txn_id
    -- The account by a subquery, not a join: only then does the index give the order, and a long history costs nothing.
    WHERE e.account_id = (SELECT id FROM payments_ledgeraccount WHERE key = %s) AND e.account_version < %s
    ORDER BY e.account_version DESC LIMIT %s
) lines
"""
_NEWEST = 2**62


def statement_page(*, user_id: UUID, currency: str, before: int | None, limit: int) -> tuple[bytes, int | None]:
    """One page as a JSON array, and the version to go on before, if there is more."""
    with connections["payments"].cursor() as cursor:
        key = rules.available(user_id, currency)
        cursor.execute(_STATEMENT, [key, before or _NEWEST, limit])
        lines, oldest, count = cursor.fetchone()
    # Versions are gapless from 1: whoever has seen version 1 has seen everything.
    return lines.encode(), oldest if count == limit and oldest > 1 else None
