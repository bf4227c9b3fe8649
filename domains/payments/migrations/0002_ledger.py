"""The ledger: three tables, one function, and every rule of double entry held by the database.

The run-time role may read, open accounts and call ``payments_post``; it can neither write an entry nor change a balance.
Triggers refuse changes even to the owner, and check each transaction once more at commit.
"""

from django.db import migrations

from kelmah.db.roles import runtime_role

TABLES = """
CREATE TABLE payments_ledgeraccount (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    currency char(3) NOT NULL,
    floor bigint,
    balance bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    closed boolean NOT NULL DEFAULT false,
    UNIQUE (id, currency),
    CONSTRAINT account_floor CHECK (balance >= floor),
    -- Whoever opens an account cannot give a person credit.
    CONSTRAINT people_never_owe CHECK (
        floor IS NOT DISTINCT FROM 0 OR NOT (key LIKE 'user:%' OR key LIKE 'escrow:%' OR key LIKE 'payout:%')
    )
) WITH (fillfactor = 50);

CREATE TABLE payments_ledgertransaction (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idem text NOT NULL UNIQUE,
    req_hash bytea NOT NULL,
    kind text NOT NULL,
    n smallint NOT NULL CHECK (n BETWEEN 2 AND 64),
    reverses bigint UNIQUE REFERENCES payments_ledgertransaction (id),
    reference jsonb NOT NULL,
    event_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, n)
);

-- Every slot 1..n of a transaction is taken when it is made, so no entry can join it later.
CREATE TABLE payments_ledgerentry (
    txn_id bigint NOT NULL,
    seq smallint NOT NULL,
    n smallint NOT NULL,
    account_id bigint NOT NULL,
    currency char(3) NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    balance_after bigint NOT NULL,
    account_version bigint NOT NULL,
    PRIMARY KEY (txn_id, seq),
    CHECK (seq BETWEEN 1 AND n),
    UNIQUE (account_id, account_version),
    FOREIGN KEY (txn_id, n) REFERENCES payments_ledgertransaction (id, n),
    FOREIGN KEY (account_id, currency) REFERENCES payments_ledgeraccount (id, currency)
);
"""

POST = """
-- Raises: account_floor, ledger_key_reused, account_missing, account_closed,
-- currency_differs, not_balanced (all as constraint names).
CREATE FUNCTION payments_post(
    idem_ text, kind_ text, accounts_ text[], amounts_ bigint[], currencies_ text[], reference_ jsonb,
    event_at_ timestamptz, reverses_ bigint DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = payments, pg_temp AS $$
DECLARE
    txn bigint; known bytea; legs int := cardinality(accounts_); leg int; leg_order int[]; ids bigint[];
    hash bytea := sha256(convert_to(concat_ws('|', kind_, accounts_, amounts_, currencies_, reverses_), 'utf8'));
    balances bigint[]; versions bigint[]; c text; b bigint; v bigint;
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
    SELECT array_agg(a.id ORDER BY k.o), array_agg(k.o ORDER BY a.id, k.o) INTO ids, leg_order
    FROM unnest(accounts_) WITH ORDINALITY k(key, o) LEFT JOIN payments_ledgeraccount a ON a.key = k.key;
    FOREACH leg IN ARRAY leg_order LOOP
        IF ids[leg] IS NULL THEN
            RAISE EXCEPTION 'account % was never opened', accounts_[leg]
            USING errcode = '23503', constraint = 'account_missing';
        END IF;
        UPDATE payments_ledgeraccount SET balance = balance + amounts_[leg], version = version + 1
        WHERE id = ids[leg] AND NOT closed RETURNING currency, balance, version INTO c, b, v;
        IF c IS NULL THEN
            RAISE EXCEPTION 'account % is closed', accounts_[leg] USING errcode = '23503', constraint = 'account_closed';
        END IF;
        IF c <> currencies_[leg] THEN
            RAISE EXCEPTION 'account % is in %', accounts_[leg], c
            USING errcode = '23514', constraint = 'currency_differs';
        END IF;
        balances[leg] := b; versions[leg] := v;
    END LOOP;
    IF EXISTS (SELECT 1 FROM unnest(currencies_, amounts_) x(c, m) GROUP BY x.c HAVING sum(x.m) <> 0) THEN
        RAISE EXCEPTION 'the lines do not balance' USING errcode = '23514', constraint = 'not_balanced';
    END IF;
    INSERT INTO payments_ledgerentry
    SELECT txn, x.o, legs, x.a, x.c, x.m, x.b, x.v
    FROM unnest(ids, currencies_, amounts_, balances, versions) WITH ORDINALITY x(a, c, m, b, v, o);
    RETURN txn;
END $$;

-- The same, but a refusal is an answer (the name of the rule) and not an error, so that the caller's transaction lives
-- on without a savepoint of its own. What is no refusal (deadlock, time-out, serialization) is raised.
CREATE FUNCTION payments_try_post(
    idem_ text, kind_ text, accounts_ text[], amounts_ bigint[], currencies_ text[], reference_ jsonb,
    event_at_ timestamptz, reverses_ bigint, OUT txn bigint, OUT refusal text, OUT detail text
) LANGUAGE plpgsql AS $$
BEGIN
    txn := payments_post(idem_, kind_, accounts_, amounts_, currencies_, reference_, event_at_, reverses_);
EXCEPTION WHEN integrity_constraint_violation OR numeric_value_out_of_range THEN
    GET STACKED DIAGNOSTICS refusal = CONSTRAINT_NAME, detail = MESSAGE_TEXT;
    txn := NULL;
END $$;
"""

GUARDS = """
CREATE FUNCTION payments_ledger_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger rows are immutable: post a correction' USING errcode = '42501';
END $$;
CREATE TRIGGER entry_rows BEFORE UPDATE OR DELETE ON payments_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION payments_ledger_is_immutable();
CREATE TRIGGER entry_table BEFORE TRUNCATE ON payments_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION payments_ledger_is_immutable();
CREATE TRIGGER txn_rows BEFORE UPDATE OR DELETE ON payments_ledgertransaction
    FOR EACH ROW EXECUTE FUNCTION payments_ledger_is_immutable();
CREATE TRIGGER txn_table BEFORE TRUNCATE ON payments_ledgertransaction
    FOR EACH STATEMENT EXECUTE FUNCTION payments_ledger_is_immutable();

-- Names are qualified: it runs at commit under the caller's search_path, where a temporary table could come first.
CREATE FUNCTION payments_txn_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE odd text;
BEGIN
    IF (SELECT count(*) FROM payments.payments_ledgerentry WHERE txn_id = new.id) <> new.n THEN
        RAISE EXCEPTION 'transaction % lacks entries', new.id USING errcode = '23514';
    END IF;
    SELECT currency INTO odd FROM payments.payments_ledgerentry WHERE txn_id = new.id
    GROUP BY currency HAVING sum(amount) <> 0 LIMIT 1;
    IF odd IS NOT NULL THEN
        RAISE EXCEPTION 'transaction % does not balance in %', new.id, odd USING errcode = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER txn_is_whole AFTER INSERT ON payments_ledgertransaction
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payments_txn_is_whole();
"""

POSITIONS = """
CREATE VIEW payments_position AS
SELECT currency || ' ' || kind AS id, currency, kind, count(*) AS accounts, sum(balance)::bigint AS balance
FROM (
    SELECT currency, balance, CASE split_part(key, ':', 1)
        WHEN 'user' THEN 'wallets' WHEN 'escrow' THEN 'escrow' WHEN 'payout' THEN 'payouts on their way'
        WHEN 'platform' THEN 'fees' WHEN 'gw' THEN 'held by gateways' WHEN 'suspense' THEN 'suspense'
        ELSE 'other' END AS kind
    FROM payments_ledgeraccount
) accounts GROUP BY currency, kind;
"""

role = runtime_role("payments")
GRANTS = f"""
REVOKE ALL ON payments_ledgeraccount, payments_ledgertransaction, payments_ledgerentry FROM {role};
GRANT SELECT ON payments_ledgeraccount, payments_ledgertransaction, payments_ledgerentry TO {role};
GRANT INSERT (key, currency, floor), UPDATE (closed) ON payments_ledgeraccount TO {role};
REVOKE ALL ON payments_position FROM {role};
GRANT SELECT ON payments_position TO {role};
REVOKE EXECUTE ON FUNCTION payments_post, payments_try_post, payments_ledger_is_immutable, payments_txn_is_whole FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payments_post, payments_try_post TO {role};
"""

UNDO = """
DROP VIEW payments_position;
DROP TABLE payments_ledgerentry, payments_ledgertransaction, payments_ledgeraccount;
DROP FUNCTION payments_try_post, payments_post, payments_ledger_is_immutable, payments_txn_is_whole;
"""

PLANS = """
INSERT INTO payments_feeplan (name, version, basis_points, reason) VALUES
    ('standard', 1, 1000, 'fixed and hourly work: ten percent, from the worker'),
    ('quick', 1, 1500, 'quick jobs: fifteen percent, from the worker')
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]
    operations = [
        migrations.RunSQL([TABLES, POST, GUARDS, POSITIONS, GRANTS], UNDO),
        migrations.RunSQL(PLANS, "DELETE FROM payments_feeplan"),
    ]
