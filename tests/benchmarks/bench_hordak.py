"""A transfer through Django: our ledger against ``transfer_to`` of django-hordak, in the same run.

Both on one durable PostgreSQL, each in a database of its own, by as many clients, each a process with one connection;
hordak's have settings of their own. Rounds are interleaved; medians of paired ratios are reported. Ours keeps balances
and floors and knows a repeated key; ``transfer_to`` does none of it, which flatters it. Guarded, it locks and sums the
payer's account first, so that nobody goes below zero there either.

Ours is measured twice: the ledger's function alone, called by a cursor of Django's, so that the statement is the whole
transaction, as ``transfer_to`` is one; and ``actions.ledger.post`` inside ``atomic``, where all the product's postings
are, with the rows that they are about. The stripped function of ``ledger_limit.sql``, called by psycopg without Django,
shows how far ahead anything could be that is one transaction with a call in it.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from kelmah.embedded.postgres import Postgres
from tests.benchmarks.bench_ledger import ACCOUNTS, SMOKE, check_books, prepare

ROOT = Path(__file__).resolve().parents[2]
LIMIT = Path(__file__).with_name("ledger_limit.sql")
ROUNDS, SECONDS, CLIENTS = (1, 1.0, (2,)) if SMOKE else (7, 4.0, (4, 8))
ALONE, POSTED, STRIPPED = "our ledger", "our ledger inside atomic", "stripped SQL without Django"
THEIRS, GUARDED = "django-hordak", "django-hordak, guarded"
TURNS = {ALONE: "alone", POSTED: "ours", THEIRS: "theirs", GUARDED: "guarded", STRIPPED: "stripped"}
RATIOS = ((ALONE, THEIRS, 3), (POSTED, THEIRS, None), (POSTED, GUARDED, None), (STRIPPED, THEIRS, None))


@dataclass
class Client:
    """A process that transfers when it is told to."""

    process: subprocess.Popen[str]

    def begin(self, seconds: float) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def told(self) -> str:
        assert self.process.stdout is not None
        if not (line := self.process.stdout.readline()):
            raise SystemExit("a client ended")
        return line.strip()


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="kelmah-hordak-"))
    home.chmod(0o755)
    server = Postgres(home=home / "postgres")
    server.start()
    try:
        prepare(server.url("postgres"), server.url("kelmah"))
        ours, theirs, stripped = dict(os.environ), their_books(server), stripped_books(server)
        environments = {ALONE: ours, POSTED: ours, THEIRS: theirs, GUARDED: theirs, STRIPPED: stripped}
        rows = [row for clients in CLIENTS for row in compared(clients, measure(clients, environments))]
        check_books()
        books(theirs, "check")
    finally:
        from django.db import connections

        connections.close_all()
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    for row in rows:
        print(f"{row['what']:<72} {row['value']:>10,.2f} {row['unit']}")
    title = "A transfer through Django: our ledger against django-hordak"
    print(json.dumps({"name": "hordak", "title": title, "rows": rows}))


def compared(clients: int, rates: dict[str, list[float]]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {"what": f"{clients} clients, {whose}: transfers", "value": statistics.median(found), "unit": "/s"}
        for whose, found in rates.items()
    ]
    for one, other, target in RATIOS:
        ahead = statistics.median(a / b for a, b in zip(rates[one], rates[other], strict=True))
        row: dict[str, object] = {"what": f"{clients} clients, {one} / {other}: transfers", "value": ahead, "unit": "x"}
        rows.append(row if target is None else row | {"target": f">= {target}", "met": ahead >= target})
    return rows


def their_books(server: Postgres) -> dict[str, str]:
    """The environment of hordak's processes, its tables and accounts made."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE hordak")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.hordak.settings",
        "HORDAK_DATABASE_URL": server.url("hordak"),
    }
    books(environment, "open", str(ACCOUNTS))
    return environment


def stripped_books(server: Postgres) -> dict[str, str]:
    """The environment of the clients of ``ledger_limit.sql``, its tables and accounts made."""
    with psycopg.connect(server.url("kelmah")) as connection:
        connection.execute(LIMIT.read_text())
        connection.execute("INSERT INTO bare.account (id) SELECT generate_series(1, %s)", [ACCOUNTS])
    return {**os.environ, "STRIPPED_DATABASE_URL": server.url("kelmah")}


def books(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.hordak.books", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def measure(clients: int, environments: dict[str, dict[str, str]]) -> dict[str, list[float]]:
    """Transfers per second of all clients together, round by round."""
    rates: dict[str, list[float]] = {whose: [] for whose in environments}
    with ExitStack() as stack:
        crews = {
            whose: stack.enter_context(started(clients, TURNS[whose], environment))
            for whose, environment in environments.items()
        }
        for whose in rates:
            turn(crews[whose], SECONDS / 4)  # plans, imports, caches
        for number in range(ROUNDS):
            for whose in rates if number % 2 else reversed(rates):
                rates[whose].append(turn(crews[whose], SECONDS))
    return rates


@contextmanager
def started(count: int, whose: str, environment: dict[str, str]) -> Iterator[list[Client]]:
    module = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.hordak.client"]
    clients = [
        Client(
            subprocess.Popen(
                [*module, str(number), str(count), whose],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        for number in range(count)
    ]
    try:
        for client in clients:
            client.told()
        yield clients
    finally:
        for client in clients:
            client.process.terminate()
            client.process.wait()


def turn(clients: list[Client], seconds: float) -> float:
    began = time.monotonic()
    for client in clients:
        client.begin(seconds)
    done = sum(int(client.told()) for client in clients)
    return done / (time.monotonic() - began)


if __name__ == "__main__":
    main()
