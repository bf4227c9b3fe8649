"""Webhooks of the sandbox: how soon they are answered, and how many a minute come through to the books.

Payments alone, as ``make split`` runs it: API, relay and worker on a durable PostgreSQL, and the provider whom each
webhook has us ask. No other domain answers: what they should hear waits in the outbox. Bodies are those that the
provider itself sent about deposits that wait; they are signed anew and delivered in disorder and with repetitions, at a
rate that doesn't wait for answers. Afterwards each deposit must be credited once, and the books be in order.
"""

import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from itertools import islice
from typing import Any

import psycopg

from config.domains import CORE
from tests.benchmarks.served import ROOT, SMOKE, beside, granian, servers
from tests.payments.provider import SECRET, Provider, caught

RATE = 50  # a second, half of them repetitions
ROUNDS, SECONDS = (1, 2) if SMOKE else (3, 12)
SUSTAINED, MINUTE = 20, 3 if SMOKE else 60  # new ones a second, and for how many seconds; every fifth comes twice
PATIENCE = 120.0
NOBODY = "http://127.0.0.1:9"
THROUGH = """
SELECT count(processed_at), coalesce(extract(epoch FROM max(processed_at) - min(received_at)), 0),
       coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM processed_at - received_at)), 0)
FROM payments.payments_webhookevent WHERE event_id = ANY(%s)
"""
RIGHT = """
SELECT (SELECT count(*) FROM payments.payments_deposit WHERE state = 'succeeded' AND credited_minor = amount_minor),
       (SELECT count(*) FROM payments.payments_ledgertransaction WHERE kind = 'deposit'),
       (SELECT count(*) FROM payments.payments_webhookevent),
       (SELECT -balance FROM payments.payments_ledgeraccount WHERE key = 'gw:sandbox:GHS')
"""


def main() -> None:
    new_each, dice = RATE * SECONDS // 2, random.Random(7)
    count = 1 + ROUNDS * new_each + SUSTAINED * MINUTE
    with (
        caught() as provider,
        servers(
            settings="tests.benchmarks.webhooks.settings",
            domains="payments",
            durable=True,
            DOMAIN_URLS=",".join(f"{each}={NOBODY}" for each in CORE if each != "payments"),
            LOG_LEVEL="ERROR",
            SANDBOX_GATEWAY_URL=provider.url,
            SANDBOX_WEBHOOK_SECRETS=SECRET,
        ) as (environment, admin_url),
    ):
        command = [sys.executable, "-m", "tests.benchmarks.webhooks.deposits", str(count)]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        bodies = iter(successes(provider, count))
        with granian(environment, ready="/health/live") as (port, _), beside(environment, "relay", "worker"):
            first = list(islice(bodies, 1))
            deliver(port, RATE, first)
            through(admin_url, first)  # relay and worker are there
            answers = []
            for _ in range(ROUNDS):
                new = list(islice(bodies, new_each))
                answers.append(deliver(port, RATE, mixed(new, new, dice)))
                minute, _ = through(admin_url, new)
                print(f"{answers[-1]}, {minute:.0f} a minute came through", flush=True)
            new = list(bodies)
            repeated = new[::5]
            deliver(port, SUSTAINED * (len(new) + len(repeated)) / len(new), mixed(new, repeated, dice))
            minute, lag = through(admin_url, new)
        check(environment, admin_url, count)
    rows = [
        row(f"answer at {RATE} a second, p50", statistics.median(answer["p50"] for answer in answers), "ms"),
        row("p95", statistics.median(answer["p95"] for answer in answers), "ms", at_most=100),
        row("p99", statistics.median(answer["p99"] for answer in answers), "ms"),
        row(f"told of {SUSTAINED * 60:,} deposits a minute: came to the books", minute, "a minute", at_least=1000),
        row("from delivery to the books, p95", lag, "s"),
    ]
    for line in rows:
        print(f"{line['what']:<64} {line['value']:>10,.2f} {line['unit']}")
    print(json.dumps({"name": "webhooks", "title": "Webhooks, payments alone, two workers", "rows": rows}))


def successes(provider: Provider, count: int) -> list[bytes]:
    """What the provider said of as many charges once they had succeeded."""
    deadline = time.monotonic() + PATIENCE
    while len(found := [body for _, body in list(provider.webhooks) if b'"charge.succeeded"' in body]) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"the provider told of {len(found)} charges instead of {count}")
        time.sleep(0.1)
    return found


def mixed(new: list[bytes], repeated: list[bytes], dice: random.Random) -> list[bytes]:
    together = [*new, *repeated]
    dice.shuffle(together)
    return together


def deliver(port: int, rate: float, bodies: Iterable[bytes]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.webhooks.load", str(port), str(rate), SECRET]
    output = subprocess.run(command, cwd=ROOT, input=b"\n".join(bodies), check=True, stdout=subprocess.PIPE).stdout
    told: dict[str, Any] = json.loads(output)
    if told["statuses"].keys() != {"200"}:
        raise SystemExit(f"webhooks were refused: {told['statuses']}")
    return told


def through(admin_url: str, bodies: list[bytes]) -> tuple[float, float]:
    """Once all came to the books: how many a minute, and the 95th percentile of the way there in seconds."""
    events, deadline = [json.loads(body)["id"] for body in bodies], time.monotonic() + PATIENCE
    with psycopg.connect(admin_url, autocommit=True) as connection:
        while True:
            ((done, seconds, lag),) = connection.execute(THROUGH, [events]).fetchall()
            if done == len(events):
                return done / float(seconds) * 60, float(lag)
            if time.monotonic() > deadline:
                raise SystemExit(f"only {done} of {len(events)} came to the books")
            time.sleep(0.2)


def check(environment: dict[str, str], admin_url: str, count: int) -> None:
    """Each deposit credited once, each event kept once, and the books in order."""
    subprocess.run([sys.executable, "manage.py", "books", "check"], cwd=ROOT, env=environment, check=True)
    with psycopg.connect(admin_url) as connection:
        found = connection.execute(RIGHT).fetchone()
    if found != (count, count, count, sum(100 + number for number in range(count))):
        raise SystemExit(f"of {count} deposits: credited, posted, told, at the gateway {found}")


def row(
    what: str, value: float, unit: str, *, at_least: float | None = None, at_most: float | None = None
) -> dict[str, Any]:
    line: dict[str, Any] = {"what": what, "value": round(value, 2), "unit": unit}
    if at_least is not None:
        line |= {"target": f">= {at_least:,.0f}", "met": value >= at_least}
    if at_most is not None:
        line |= {"target": f"< {at_most:,.0f}", "met": value < at_most}
    return line


if __name__ == "__main__":
    main()
