-- What double entry can't do without, and nothing else: a key used once, two balances moved in one order of locks, two
-- entries. No names, no floor, no currency, no foreign key, no trigger, no check at commit: a limit, not a ledger.
CREATE SCHEMA bare;
CREATE TABLE bare.account (id bigint PRIMARY KEY, balance bigint NOT NULL DEFAULT 0, version bigint NOT NULL DEFAULT 0)
WITH (fillfactor = 50);
CREATE TABLE bare.txn (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    idem text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE bare.entry (
    txn_id bigint NOT NULL,
    seq smallint NOT NULL,
    account_id bigint NOT NULL,
    amount bigint NOT NULL,
    balance_after bigint NOT NULL,
    account_version bigint NOT NULL,
    PRIMARY KEY (txn_id, seq)
);
CREATE FUNCTION bare.post(idem_ text, one bigint, other bigint, amount_ bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    txn bigint; low bigint := least(one, other); high bigint := greatest(one, other);
    sign_ bigint := CASE WHEN one < other THEN -1 ELSE 1 END; b1 bigint; v1 bigint; b2 bigint; v2 bigint;
BEGIN
    INSERT INTO bare.txn (idem) VALUES (idem_) ON CONFLICT (idem) DO NOTHING RETURNING id INTO txn;
    IF txn IS NULL THEN
        RETURN (SELECT id FROM bare.txn WHERE idem = idem_);
    END IF;
    UPDATE bare.account SET balance = balance + sign_ * amount_, version = version + 1 WHERE id = low
    RETURNING balance, version INTO b1, v1;
    UPDATE bare.account SET balance = balance - sign_ * amount_, version = version + 1 WHERE id = high
    RETURNING balance, version INTO b2, v2;
    INSERT INTO bare.entry VALUES (txn, 1, low, sign_ * amount_, b1, v1), (txn, 2, high, -sign_ * amount_, b2, v2);
    RETURN txn;
END $$;
