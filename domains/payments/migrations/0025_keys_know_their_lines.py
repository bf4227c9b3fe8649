"""The same promises for less: a key that comes again is compared with the lines that it posted, so none needs a hash.

Most of what a posting was spent on making was for those that never come again. And two lines, which nearly all
transactions have, are written without a query over their numbers, and summed as what they are, whole minor units: a sum
that no bigint holds is refused, as such a balance is.
"""

from django.db import migrations

POST = """
CREATE OR REPLACE FUNCTION payments_post(
    idem_ text, kind_ text, accounts_ text[], amounts_ bigint[], currencies_ text[], reference_ jsonb,
    event_at_ timestamptz, reverses_ bigint DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = payments, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    txn bigint; the_same boolean; legs int := cardinality(accounts_); leg int; leg_order int[];
    ids bigint[]; balances bigint[]; versions bigint[]; a bigint; c text; b bigint; v bigint;
    total bigint := 0; mixed boolean := false;
BEGIN
    INSERT INTO payments_ledgertransaction (idem, kind, n, reverses, reference, event_at)
    VALUES (idem_, kind_, legs, reverses_, reference_, event_at_)
    ON CONFLICT (idem) DO NOTHING RETURNING id INTO txn;
    IF txn IS NULL THEN
        SELECT t.id, (t.kind, t.reverses) IS NOT DISTINCT FROM (kind_, reverses_)
            AND array_agg(a.key ORDER BY e.seq) = accounts_ AND array_agg(e.amount ORDER BY e.seq) = amounts_
            AND array_agg(e.currency::text ORDER BY e.seq) = currencies_ INTO txn, the_same
        FROM payments_ledgertransaction t JOIN payments_ledgerentry e ON e.txn_id = t.id
        JOIN payments_ledgeraccount a ON a.id = e.account_id WHERE t.idem = idem_ GROUP BY t.id;
        IF the_same IS NOT TRUE THEN
            RAISE EXCEPTION 'ledger key % was used with other lines', idem_
            USING errcode = '23505', constraint = 'ledger_key_reused';
        END IF;
        RETURN txn;
    END IF;
    -- Accounts are locked in one order everywhere: no two transactions can wait for each other.
    IF legs = 2 THEN
        leg_order := CASE WHEN accounts_[1] <= accounts_[2] COLLATE "C" THEN '{1,2}'::int[] ELSE '{2,1}'::int[] END;
    ELSE
        SELECT array_agg(k.o ORDER BY k.key COLLATE "C", k.o) INTO leg_order
        FROM unnest(accounts_) WITH ORDINALITY k(key, o);
    END IF;
    FOREACH leg IN ARRAY leg_order LOOP
        UPDATE payments_ledgeraccount SET balance = balance + amounts_[leg], version = version + 1
        WHERE key = accounts_[leg] AND NOT closed RETURNING id, currency, balance, version INTO a, c, b, v;
        IF a IS NULL THEN
            -- One that is opened at this moment is missing, not closed: whoever calls opens it and comes again.
            IF EXISTS (SELECT FROM payments_ledgeraccount WHERE key = accounts_[leg] AND closed) THEN
                RAISE EXCEPTION 'account % is closed', accounts_[leg]
                USING errcode = '23503', constraint = 'account_closed';
            END IF;
            RAISE EXCEPTION 'account % was never opened', accounts_[leg]
            USING errcode = '23503', constraint = 'account_missing';
        END IF;
        IF c <> currencies_[leg] THEN
            RAISE EXCEPTION 'account % is in %', accounts_[leg], c
            USING errcode = '23514', constraint = 'currency_differs';
        END IF;
        mixed := mixed OR c <> currencies_[1];
        total := total + amounts_[leg];
        ids[leg] := a; balances[leg] := b; versions[leg] := v;
    END LOOP;
    IF mixed THEN
        mixed := EXISTS (SELECT FROM unnest(currencies_, amounts_) x(c, m) GROUP BY x.c HAVING sum(x.m) <> 0);
    END IF;
    IF total <> 0 OR mixed THEN
        RAISE EXCEPTION 'the lines do not balance' USING errcode = '23514', constraint = 'not_balanced';
    END IF;
    IF legs = 2 THEN
        INSERT INTO payments_ledgerentry VALUES
            (txn, 1, legs, ids[1], currencies_[1], amounts_[1], balances[1], versions[1]),
            (txn, 2, legs, ids[2], currencies_[2], amounts_[2], balances[2], versions[2]);
        RETURN txn;
    END IF;
    INSERT INTO payments_ledgerentry
    SELECT txn, o, legs, ids[o], currencies_[o], amounts_[o], balances[o], versions[o] FROM generate_series(1, legs) o;
    RETURN txn;
END $$;
"""

FORGET = "ALTER TABLE payments_ledgertransaction DROP COLUMN IF EXISTS req_hash"


class Migration(migrations.Migration):
    dependencies = [("payments", "0024_disputes_end")]
    # The way back keeps this body, which needs no hashes: those of what was posted since could not be made again.
    operations = [migrations.RunSQL([POST, FORGET], migrations.RunSQL.noop)]
