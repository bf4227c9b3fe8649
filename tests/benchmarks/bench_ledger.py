"""The ledger through the service, against the bare SQL function called from psycopg, in the same run.

Both post the same transfers on the same durable PostgreSQL: ``bare`` calls the function of ``ledger_base.sql`` on a
plain connection with account ids at hand; ``service`` calls ``actions.ledger.post`` as every action does: the ORM's
connection, account names, typed refusals. Rounds are interleaved; medians of paired ratios are reported.
"""

import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

SMOKE = bool(os.environ.get("BENCH_SMOKE"))
ROUNDS = 1 if SMOKE else 7
SECONDS = 1.0 if SMOKE else 4.0
CLIENTS = (1, 4)
ACCOUNTS = 200
PASSWORD = "bench"
BASE = Path(__file__).with_name("ledger_base.sql")

Client = Callable[[int, float], int]  # number and end of its turn; how many transfers it made


def main() -> None:
    from kelmah.embedded.postgres import Postgres

    home = Path(tempfile.mkdtemp(prefix="kelmah-ledger-"))
    home.chmod(0o755)
    server = Postgres(home=home / "postgres")
    server.start()
    try:
        prepare(server.url("postgres"), server.url("kelmah"))
        bare = partial(bare_client, server.url("kelmah"))
        rows = [row for clients in CLIENTS for row in measure(clients, bare)]
        check_books()
    finally:
        from django.db import connections

        connections.close_all()
        server.stop()
    for row in rows:
        print(f"{row['what']:<52} {row['value']:>10,.2f} {row['unit']}")
    print(json.dumps({"name": "ledger", "title": "Ledger: the service against its bare SQL function", "rows": rows}))


def prepare(admin_url: str, url: str) -> None:
    os.environ["DATABASE_URL"] = urlsplit(url)._replace(netloc=urlsplit(url).netloc.rpartition("@")[2]).geturl()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "LOCAL_DOMAINS": "payments",
        "DATABASE_ROLE_PASSWORD": PASSWORD,
    }
    import django

    django.setup()
    from kelmah.db import atomic, roles
    from kelmah.db.migration import migrate_domain

    roles.create_database(admin_url, "kelmah")
    roles.prepare(url, ["payments"], password=PASSWORD)
    migrate_domain("payments", lambda line: None)
    from domains.payments.actions.ledger import Line, post
    from kelmah.money import Money

    for number in range(ACCOUNTS):  # everybody starts with a million cedis
        lines = [Line("gw:bench:GHS", Money(-(10**8), "GHS")), Line(wallet(number), Money(10**8, "GHS"))]
        with atomic("payments"):
            post(key=f"bench:start:{number}", kind="bench", lines=lines, reference={})
    with psycopg.connect(url) as connection:
        connection.execute(BASE.read_text())
        connection.execute(
            "INSERT INTO base.account (key, currency, floor, balance)"
            " SELECT 'wallet ' || n, 'GHS', 0, 100000000 FROM generate_series(0, %s) n",
            [ACCOUNTS - 1],
        )


def wallet(number: int) -> str:
    return f"user:{number:032x}:available:GHS"


def measure(clients: int, bare: Client) -> list[dict[str, object]]:
    service, limit = [], []
    for number in range(ROUNDS):
        pair = [(limit, bare), (service, service_client)]
        for results, client in pair if number % 2 else reversed(pair):
            results.append(run(clients, client))
    ratio = statistics.median(s["rate"] / b["rate"] for s, b in zip(service, limit, strict=True))
    rows: list[dict[str, object]] = []
    for name, results in (("service", service), ("bare function", limit)):
        rate = statistics.median(result["rate"] for result in results)
        cpu = statistics.median(result["cpu"] for result in results)
        rows.append({"what": f"{name}, {clients} clients: transfers", "value": rate, "unit": "/s"})
        rows.append({"what": f"{name}, {clients} clients: client CPU per transfer", "value": cpu, "unit": "µs"})
    rows.append(
        {
            "what": f"service / bare function, {clients} clients",
            "value": ratio,
            "unit": "ratio",
            "target": ">= 0.5",
            "met": ratio >= 0.5,
        }
    )
    return rows


def run(clients: int, client: Client) -> dict[str, float]:
    """Transfers per second of all clients together, and this process's CPU per transfer in microseconds."""
    done = [0] * clients
    until = time.monotonic() + SECONDS

    def work(number: int) -> None:
        done[number] = client(number, until)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    began, cpu = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(done)
    return {"rate": total / (time.monotonic() - began), "cpu": (time.process_time() - cpu) / total * 1e6}


def pairs(client: int, clients: int = max(CLIENTS)):
    """Endless pairs of accounts, each client its own, so that nobody waits for a row."""
    own = range(client * ACCOUNTS // clients, (client + 1) * ACCOUNTS // clients)
    step = 0
    while True:
        step += 1
        yield own[step % len(own)], own[(step + 1) % len(own)]


def service_client(client: int, until: float, clients: int = max(CLIENTS)) -> int:
    from django.db import connections

    from domains.payments.actions.ledger import Line, post
    from kelmah.db import atomic
    from kelmah.ids import new_id
    from kelmah.money import Money

    done, give, take = 0, Money(-1, "GHS"), Money(1, "GHS")
    for source, target in pairs(client, clients):
        if time.monotonic() > until:
            break
        with atomic("payments"):
            lines = [Line(wallet(source), give), Line(wallet(target), take)]
            post(key=f"bench:{new_id()}", kind="bench", lines=lines, reference={})
        done += 1
    connections.close_all()
    return done


def bare_client(base_url: str, client: int, until: float) -> int:
    from kelmah.ids import new_id

    with psycopg.connect(base_url) as connection:
        statement = "SELECT base.post(%s, 'bench', %s::bigint[], %s::bigint[])"
        done = 0
        for source, target in pairs(client):
            if time.monotonic() > until:
                break
            connection.execute(statement, [f"bench:{new_id()}", [source + 1, target + 1], [-1, 1]])
            connection.commit()
            done += 1
    return done


def check_books() -> None:
    from domains.payments.queries.invariants import contradictions

    found = contradictions()
    if found:
        raise SystemExit(f"the books are out of order after the run: {found}")


if __name__ == "__main__":
    main()
