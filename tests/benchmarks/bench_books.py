"""How long the eight invariants take over a million entries, and what a trial balance of the past takes.

The entries are written past the function, in bulk, and are books in order: the check that is measured says so.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg

from kelmah.embedded.postgres import Postgres
from tests.benchmarks.bench_ledger import SMOKE, prepare

ENTRIES = 20_000 if SMOKE else 1_000_000
ROUNDS = 1 if SMOKE else 3
WALLETS = 6_300
START = 10**6  # so that nobody is below zero while they give
# Transaction n moves one pesewa from wallet n + 1 to wallet n, around and around.
BULK = """
SET session_replication_role = replica;
CREATE TEMP TABLE wallets AS SELECT row_number() OVER (ORDER BY id) - 1 AS place, id FROM payments_ledgeraccount
WHERE key LIKE 'user:bench-%';
CREATE TEMP TABLE made AS
WITH written AS (
    INSERT INTO payments_ledgertransaction (idem, kind, n, reference, event_at)
    SELECT 'bench:' || n, 'bench', 2, '{}', now() FROM generate_series(1, :txns) n
    RETURNING id)
SELECT id, row_number() OVER (ORDER BY id) AS n FROM written;
CREATE TEMP TABLE legs AS
SELECT made.id AS txn, leg.seq, wallets.id AS account, leg.amount
FROM made CROSS JOIN LATERAL (VALUES (1, n % :wallets, 1), (2, (n + 1) % :wallets, -1)) leg (seq, place, amount)
JOIN wallets ON wallets.place = leg.place;
INSERT INTO payments_ledgerentry (txn_id, seq, n, account_id, currency, amount, balance_after, account_version)
SELECT txn, seq, 2, account, 'GHS', amount, :start + sum(amount) OVER history, 1 + row_number() OVER history FROM legs
WINDOW history AS (PARTITION BY account ORDER BY txn, seq ROWS UNBOUNDED PRECEDING);
UPDATE payments_ledgeraccount a SET balance = :start + made.total, version = 1 + made.entries
FROM (SELECT account, sum(amount) AS total, count(*) AS entries FROM legs GROUP BY account) made
WHERE made.account = a.id;
"""


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="kelmah-books-"))
    home.chmod(0o755)
    server = Postgres(home=home / "postgres")
    server.start()
    try:
        prepare(server.url("postgres"), server.url("kelmah"))
        fill(server.url("kelmah"))
        rows = measure()
    finally:
        from django.db import connections

        connections.close_all()
        server.stop()
    for row in rows:
        print(f"{row['what']:<52} {row['value']:>10,.2f} {row['unit']}")
    print(json.dumps({"name": "books", "title": f"The books: {ENTRIES:,} entries", "rows": rows}))


def fill(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path = payments")
        wallets = [f"user:bench-{number}:available:GHS" for number in range(WALLETS)]
        opened = "INSERT INTO payments_ledgeraccount (key, currency, floor) SELECT unnest(%s::text[]), 'GHS', 0"
        connection.execute(opened, [wallets])
        for first in range(0, WALLETS, 63):
            accounts = ["gw:bench:GHS", *wallets[first : first + 63]]
            amounts = [-63 * START, *[START] * 63]
            call = "SELECT payments_post(%s, 'bench', %s, %s::bigint[], %s, '{}', now())"
            connection.execute(call, [f"bench:start at {first}", accounts, amounts, ["GHS"] * 64])
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path = payments, pg_temp")
        numbers = {":txns": ENTRIES // 2, ":wallets": WALLETS, ":start": START}
        script = BULK
        for name, number in numbers.items():
            script = script.replace(name, str(number))
        connection.execute(script)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def measure() -> list[dict[str, object]]:
    from domains.payments.models import LedgerEntry
    from domains.payments.queries.balances import trial_balance
    from domains.payments.queries.exports import beancount
    from domains.payments.queries.invariants import contradictions
    from kelmah import clock

    if (entries := LedgerEntry.objects.count()) < ENTRIES:
        raise SystemExit(f"only {entries} entries")
    if found := contradictions():
        raise SystemExit(f"the books should be in order: {found}")
    check = took(contradictions)
    moment = clock.now() + timedelta(seconds=1)
    return [
        {
            "what": "manage.py books check: all eight",
            "value": check,
            "unit": "s",
            "target": "< 10",
            "met": check < 10,
        },
        {"what": "trial balance of a past moment", "value": took(lambda: trial_balance(at=moment)), "unit": "s"},
        {"what": "export for Beancount", "value": took(lambda: sum(map(len, beancount()))), "unit": "s"},
    ]


def took(act: Callable[[], object]) -> float:
    """Seconds, the median."""
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
