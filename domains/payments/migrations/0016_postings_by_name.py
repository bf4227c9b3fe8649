"""The same promises for less: no account is looked up before it is changed, and what can only be wrong when an account
is opened is not checked at each change of its balance.

PostgreSQL reads and plans every CHECK of a table anew in each statement that writes a row of it. Rules about the name
and the floor of an account are triggers now, which look when these are written; they refuse by the names and codes of
before. Accounts are locked in the order of their names, by the statement that changes them. And no statement is planned
anew for each call, as two were: PostgreSQL expected fewer rows of a plan that is made for one call alone.
"""

from django.db import migrations

POST = """
CREATE OR REPLACE FUNCTION payments_post(
    idem_ text, kind_ text, accounts_ text[], amounts_ bigint[], currencies_ text[], reference_ jsonb,
    event_at_ timestamptz, reverses_ bigint DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = payments, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    txn bigint; known bytea; legs int := cardinality(accounts_); leg int; leg_order int[];
    hash bytea := sha256(convert_to(concat_ws('|', kind_, accounts_, amounts_, currencies_, reverses_), 'utf8'));
    ids bigint[]; balances bigint[]; versions bigint[]; a bigint; c text; b bigint; v bigint;
    total numeric := 0; mixed boolean := false;
BEGIN
    INSERT INTO payments_ledgertransaction (idem, req_hash, kind, n, reverses, reference, event_at)
    VALUES (idem_, hash, kind_, legs, reverses_, reference_, event_at_)
    ON CONFLICT (idem) DO NOTHING RETURNING id INTO txn;
    IF txn IS NULL THEN
        SELECT id, req_hash INTO txn, known FROM payments_ledgertransaction WHERE idem = idem_;
        IF known <> hash THEN
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
    INSERT INTO payments_ledgerentry
    SELECT txn, o, legs, ids[o], currencies_[o], amounts_[o], balances[o], versions[o] FROM generate_series(1, legs) o;
    RETURN txn;
END $$;
"""

WHOLE = """
CREATE OR REPLACE FUNCTION payments_txn_is_whole() RETURNS trigger LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
DECLARE there bigint; total numeric; odd text; other text;
BEGIN
    SELECT count(*), sum(amount), min(currency), max(currency) INTO there, total, odd, other
    FROM payments.payments_ledgerentry WHERE txn_id = new.id;
    IF there <> new.n THEN
        RAISE EXCEPTION 'transaction % lacks entries', new.id USING errcode = '23514';
    END IF;
    IF odd <> other THEN
        SELECT currency, sum(amount) INTO odd, total FROM payments.payments_ledgerentry WHERE txn_id = new.id
        GROUP BY currency HAVING sum(amount) <> 0 LIMIT 1;
    END IF;
    IF total <> 0 THEN
        RAISE EXCEPTION 'transaction % does not balance in %', new.id, odd USING errcode = '23514';
    END IF;
    RETURN NULL;
END $$;
"""

FLOORS = """
CREATE FUNCTION payments_account_never_owes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'account % has the floor zero', new.key USING errcode = '23514', constraint = tg_name;
END $$;
REVOKE EXECUTE ON FUNCTION payments_account_never_owes FROM PUBLIC;
"""

NEVER_OWE = {
    "people_never_owe": ("user:", "escrow:", "payout:"),
    "disputed_never_owe": ("dispute:",),
    "refunds_never_owe": ("refund:",),
    "held_never_owe": ("hold:", "own:"),
}


def guard(name: str) -> str:
    kinds = ", ".join(f"'{kind}%'" for kind in NEVER_OWE[name])
    return f"""
    ALTER TABLE payments_ledgeraccount DROP CONSTRAINT {name};
    CREATE TRIGGER {name} AFTER INSERT OR UPDATE OF key, floor ON payments_ledgeraccount FOR EACH ROW
        WHEN (new.floor IS DISTINCT FROM 0 AND new.key LIKE ANY (ARRAY[{kinds}]))
        EXECUTE FUNCTION payments_account_never_owes();
    """


class Migration(migrations.Migration):
    dependencies = [("payments", "0015_holds")]
    # Back to 0014's bodies and 0002's checks nobody needs to go: what is refused by one is refused by the other.
    operations = [
        migrations.RunSQL([POST, WHOLE, FLOORS, *(guard(name) for name in NEVER_OWE)], migrations.RunSQL.noop)
    ]
