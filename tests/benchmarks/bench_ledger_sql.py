"""What the ledger's promises cost inside PostgreSQL, by its own pgbench: against a hand-stripped limit, with the fee in
one row and in sixteen, and against pgledger where ``PGLEDGER_SQL`` names its file
(github.com/pgr0ss/pgledger: its two functions for ulids, then pgledger.sql).

Rounds are interleaved, those of the fee among themselves; medians of paired ratios are reported. CPU is that of all
server processes, those that clean up behind others too.
"""

import json
import os
import statistics
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from kelmah.embedded.postgres import Postgres
from tests.benchmarks.bench_ledger import PASSWORD, SMOKE, check_books, prepare
from tests.benchmarks.pgbench import Spent, pgbench

ROUNDS, SECONDS = (1, 1.0) if SMOKE else (7, 4.0)
CLIENTS = 8
ACCOUNTS = 6300  # cold: two clients hardly ever meet
LIMIT = Path(__file__).with_name("ledger_limit.sql")
RECORDED = 1.43  # our function against pgledger's, measured when it was designed

PAIR = rf"\set a random(1, {ACCOUNTS})" "\n" rf"\set b (:a + random(0, {ACCOUNTS - 2})) % {ACCOUNTS} + 1" "\n"
# pgbench takes whatever follows a colon for one of its variables, even in quotes.
WALLET = "concat_ws(chr(58), 'user', {}::text, 'available', 'GHS')"
KEY = "'bench ' || gen_random_uuid()"
ONE, OTHER = WALLET.format(":a"), WALLET.format(":b")
SPLIT = (
    f"SELECT payments.payments_post({KEY}, 'bench', ARRAY[{ONE}, {OTHER}, "
    " concat_ws(chr(58), 'platform', 'fee', 'GHS', :shard::text)],"
    " ARRAY[-10, 9, 1]::bigint[], ARRAY['GHS', 'GHS', 'GHS'], '{}', now());"
)
SCRIPTS = {
    "limit": f"{PAIR}SELECT bare.post({KEY}, :a, :b, 1);",
    "ours": f"{PAIR}SELECT payments.payments_post({KEY}, 'bench', ARRAY[{ONE}, {OTHER}], ARRAY[-1, 1]::bigint[],"
    " ARRAY['GHS', 'GHS'], '{}', now());",
    "one fee row": rf"{PAIR}\set shard 0" "\n" + SPLIT,
    "sixteen fee rows": rf"{PAIR}\set shard random(0, 15)" "\n" + SPLIT,
    "pgledger": f"{PAIR}SELECT pgledger_create_transfer((SELECT id FROM theirs WHERE n = :a),"
    " (SELECT id FROM theirs WHERE n = :b), 1);",
}


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="kelmah-ledger-sql-"))
    home.chmod(0o755)
    server = Postgres(home=home / "postgres")
    server.start()
    try:
        prepare(server.url("postgres"), server.url("kelmah"))
        there = fill(server.url("kelmah"))
        found = measure(server, ["limit", "ours", *(["pgledger"] if there else [])])
        # Apart: they write to our tables and nobody else's, and what they leave is cleaned up in whatever comes next.
        found |= measure(server, ["one fee row", "sixteen fee rows"])
        check_books()
    finally:
        from django.db import connections

        connections.close_all()
        server.stop()
    rows = report(found)
    for row in rows:
        print(f"{row['what']:<64} {row['value']:>10,.2f} {row['unit']}")
    print(json.dumps({"name": "ledger_sql", "title": f"Ledger inside PostgreSQL, {CLIENTS} clients", "rows": rows}))


def fill(url: str) -> bool:
    """Everybody starts with a million cedis, in every ledger that is there; whether pgledger is."""
    theirs = os.environ.get("PGLEDGER_SQL")
    with psycopg.connect(url) as connection:
        connection.execute("SET search_path = payments, public")
        wallets = [f"user:{number}:available:GHS" for number in range(1, ACCOUNTS + 1)]
        fees = [f"platform:fee:GHS:{number}" for number in range(16)]
        opened = "INSERT INTO payments_ledgeraccount (key, currency, floor) SELECT unnest(%s::text[]), 'GHS', %s"
        connection.execute(opened, [wallets, 0])
        connection.execute(opened, [fees, None])
        for start in range(0, ACCOUNTS, 63):
            some = wallets[start : start + 63]
            connection.execute(
                "SELECT payments_post(%s, 'bench', %s, %s::bigint[], %s, '{}', now())",
                [
                    f"bench:fill:{start}",
                    ["gw:bench:GHS", *some],
                    [-(10**8) * len(some), *[10**8] * len(some)],
                    ["GHS"] * 64,
                ],
            )
        connection.execute(LIMIT.read_text())
        connection.execute("INSERT INTO bare.account (id) SELECT generate_series(1, %s)", [ACCOUNTS])
        if theirs:
            connection.execute("SET search_path = public")
            connection.execute(Path(theirs).read_text())
            connection.execute(
                "CREATE TABLE theirs AS SELECT n, (pgledger_create_account('a' || n, 'GHS')).id"
                " FROM generate_series(1, %s) n",
                [ACCOUNTS],
            )
            connection.execute("ALTER TABLE theirs ADD PRIMARY KEY (n)")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return bool(theirs)


def measure(server: Postgres, names: list[str]) -> dict[str, list[Spent]]:
    """Rounds of all, in turn and in changing order. Ours as the run-time role, which may do nothing else."""
    host = urlsplit(server.url()).netloc.rpartition("@")[2]
    as_service = f"postgresql://kelmah_payments:{PASSWORD}@{host}/kelmah"
    found: dict[str, list[Spent]] = {name: [] for name in names}
    for number in range(ROUNDS):
        for name in names if number % 2 else reversed(names):
            url = server.url("kelmah") if name in ("limit", "pgledger") else as_service
            found[name].append(pgbench(server, url, SCRIPTS[name], clients=CLIENTS, seconds=SECONDS))
    return found


def report(found: dict[str, list[Spent]]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, spent in found.items():
        rows.append({"what": f"{name}: transfers", "value": median(spent, "tps"), "unit": "/s"})
        rows.append({"what": f"{name}: CPU of the server per transfer", "value": median(spent, "cpu"), "unit": "µs"})
    syncs = median(found["ours"], "syncs")
    rows += [
        wanted("CPU per transfer, ours / limit", paired(found, "ours", "limit", "cpu"), at_most=2.2),
        wanted(
            "fee in sixteen rows / in one: transfers", paired(found, "sixteen fee rows", "one fee row"), at_least=1.5
        ),
        wanted("WAL syncs per transfer, cold", syncs, at_most=0.4, unit=""),
    ]
    if "pgledger" in found:
        rows.append(wanted("transfers, ours / pgledger", paired(found, "ours", "pgledger"), at_least=1.3))
        rows.append({"what": "CPU, ours / pgledger", "value": paired(found, "ours", "pgledger", "cpu"), "unit": "x"})
    else:
        what = "transfers, ours / pgledger: not here, as recorded when it was designed"
        rows.append({"what": what, "value": RECORDED, "unit": "x"})
    return rows


def median(spent: list[Spent], what: str) -> float:
    return statistics.median(getattr(each, what) for each in spent)


def paired(found: dict[str, list[Spent]], one: str, other: str, what: str = "tps") -> float:
    """The median of the ratios of each round."""
    pairs = zip(found[one], found[other], strict=True)
    return statistics.median(getattr(a, what) / getattr(b, what) for a, b in pairs)


def wanted(
    what: str, value: float, *, at_least: float | None = None, at_most: float | None = None, unit: str = "x"
) -> dict[str, object]:
    met = value >= at_least if at_least is not None else value <= (at_most or 0)
    target = f">= {at_least}" if at_least is not None else f"<= {at_most}"
    return {"what": what, "value": value, "unit": unit, "target": target, "met": met}


if __name__ == "__main__":
    main()
