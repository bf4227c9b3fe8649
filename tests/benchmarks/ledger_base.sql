-- A ledger with nothing around it, as the limit to measure ours against: the same three tables, the same locks in the
-- same order, the same two lines of defence, called with the ids of accounts. Our own ledger adds account names,
-- references, the clock, typed refusals and the ORM's connection.
CREATE SCHEMA base;
CREATE TABLE base.account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    currency char(3) NOT NULL,
    floor bigint,
    balance bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    closed boolean NOT NULL DEFAULT false,
    UNIQUE (id, currency),
    CONSTRAINT account_floor CHECK (balance >= floor)
) WITH (fillfactor = 50);
CREATE TABLE base.txn (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idem text NOT NULL UNIQUE,
    req_hash bytea NOT NULL,
    kind text NOT NULL,
    n smallint NOT NULL CHECK (n BETWEEN 2 AND 64),
    reverses bigint UNIQUE REFERENCES base.txn (id),
    event_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (id, n)
);
CREATE TABLE base.entry (
    txn_id bigint NOT NULL,
    seq smallint NOT NULL,
    n smallint NOT NULL,
    account_id bigint NOT NULL,
    currency char(3) NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    balance_after bigint NOT NULL,
    account_version bigint NOT NULL,
    PRIMARY KEY (txn_id, seq),
    UNIQUE (account_id, account_version),
    FOREIGN KEY (txn_id, n) REFERENCES base.txn (id, n),
    FOREIGN KEY (account_id, currency) REFERENCES base.account (id, currency)
);
CREATE FUNCTION base.post(k text, kind text, acct bigint[], amt bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = base, pg_temp AS $$
DECLARE
    t bigint; h bytea := sha256(convert_to(kind || acct::text || amt::text, 'utf8')); h0 bytea;
    legs int := array_length(acct, 1); i int; o int[]; ccy char(3)[]; ba bigint[]; va bigint[];
    c char(3); b bigint; v bigint;
BEGIN
    INSERT INTO base.txn (idem, req_hash, kind, n) VALUES (k, h, kind, legs)
    ON CONFLICT (idem) DO NOTHING RETURNING id INTO t;
    IF t IS NULL THEN
        SELECT id, req_hash INTO t, h0 FROM base.txn WHERE idem = k;
        IF h0 <> h THEN RAISE EXCEPTION 'key % was used with other lines', k USING errcode = '23505'; END IF;
        RETURN t;
    END IF;
    SELECT array_agg(u.o ORDER BY u.a, u.o) INTO o FROM unnest(acct) WITH ORDINALITY u(a, o);
    FOREACH i IN ARRAY o LOOP
        UPDATE base.account SET balance = balance + amt[i], version = version + 1
        WHERE id = acct[i] AND NOT closed RETURNING currency, balance, version INTO c, b, v;
        IF c IS NULL THEN RAISE EXCEPTION 'account % is missing or closed', acct[i] USING errcode = '23503'; END IF;
        ccy[i] := c; ba[i] := b; va[i] := v;
    END LOOP;
    IF EXISTS (SELECT 1 FROM unnest(ccy, amt) x(c, m) GROUP BY x.c HAVING sum(x.m) <> 0) THEN
        RAISE EXCEPTION 'not balanced' USING errcode = '23514';
    END IF;
    INSERT INTO base.entry SELECT t, x.o, legs, x.a, x.c, x.m, x.b, x.v
    FROM unnest(acct, ccy, amt, ba, va) WITH ORDINALITY x(a, c, m, b, v, o);
    RETURN t;
END $$;
CREATE FUNCTION base.deny() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger rows are immutable' USING errcode = '42501';
END $$;
CREATE TRIGGER entry_rows BEFORE UPDATE OR DELETE ON base.entry FOR EACH ROW EXECUTE FUNCTION base.deny();
CREATE TRIGGER txn_rows BEFORE UPDATE OR DELETE ON base.txn FOR EACH ROW EXECUTE FUNCTION base.deny();
CREATE FUNCTION base.txn_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM base.entry WHERE txn_id = new.id) <> new.n THEN
        RAISE EXCEPTION 'entries are missing' USING errcode = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM base.entry WHERE txn_id = new.id GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'not balanced' USING errcode = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER txn_is_whole AFTER INSERT ON base.txn
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION base.txn_is_whole();
