"""From ``publish`` to "handled", with durable PostgreSQL, real relays and handlers that write through the ORM.

Beside it in the same run: a bare psycopg loop over a table with SKIP LOCKED, which is the floor, and Celery with Redis.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis as redis_client
from celery import Celery

from config.broker import queue_of
from kelmah.embedded import scratch
from kelmah.embedded.environment import without_credentials
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.redis import Redis
from tests.benchmarks.metered import bare

ROOT = Path(__file__).resolve().parents[2]
SMOKE = bool(os.environ.get("BENCH_SMOKE"))
SINGLE, BATCHED, BARE, TASKS, WAITS, ROUNDS = (
    (300, 1_000, 300, 300, 20, 1) if SMOKE else (6_000, 30_000, 6_000, 4_000, 200, 3)
)
RELAYS = 2
LINES = 500
PACE = 20  # events per second while waits are measured
DONE = {
    "counted": "SELECT count(*) FROM metered.metered_effect",
    "tallied": "SELECT coalesce(sum(count), 0) FROM metered.metered_tally",
}


class Bench:
    """The servers, the environment of the processes, and an administrator's connection to look with."""

    def __init__(self, postgres: Postgres, redis_url: str) -> None:
        self.admin_url = urlsplit(postgres.url())._replace(path="/kelmah").geturl()
        self.redis_url = redis_url
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.metered.settings",
            "KELMAH_EXTRA_DOMAINS": "tests.benchmarks.metered",
            "LOCAL_DOMAINS": "metered",
            "DATABASE_URL": without_credentials(self.admin_url),
            "DATABASE_ROLE_PASSWORD": "bench",
            "REDIS_URL": redis_url,
            "LOG_LEVEL": "WARNING",
        }
        for command in ("prepare_databases", "migrate_domains"):
            self.run("manage.py", command, DATABASE_URL=self.admin_url)
        self.look = psycopg.connect(self.admin_url, autocommit=True)

    def run(self, *command: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.environment | more, check=True, stdout=subprocess.PIPE
        )
        return done.stdout.decode()

    @contextmanager
    def running(self, *command: str, copies: int = 1) -> Iterator[None]:
        with ExitStack() as stack:
            for _ in range(copies):
                started = subprocess.Popen(
                    [sys.executable, *command], cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL
                )
                stack.callback(started.wait, timeout=30)
                stack.callback(started.send_signal, signal.SIGTERM)
            yield

    @contextmanager
    def relays(self) -> Iterator[None]:
        """Relays that are listening already."""
        with self.running("manage.py", "events", "run", copies=RELAYS):
            listening = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kelmah:relay'"
            wait_until(lambda: self.value(listening) == RELAYS)
            time.sleep(0.5)
            yield

    def value(self, query: str) -> Any:
        row = self.look.execute(query).fetchone()
        return row[0] if row else None

    def publish(self, kind: str, count: int, *, together: int = 1, pace: int = 0) -> str:
        numbers = (count, LINES, together, pace)
        return self.run("-m", "tests.benchmarks.metered.publisher", kind, *(str(number) for number in numbers))

    def wipe(self) -> None:
        tables = ("outbox", "inbox", "effect", "tally")
        self.look.execute("TRUNCATE " + ", ".join(f"metered.metered_{name}" for name in tables) + " RESTART IDENTITY")
        self.look.execute("VACUUM ANALYZE")


def main() -> None:
    folder = scratch.new_folder("bench-events")
    postgres, redis = Postgres(home=folder), Redis.for_tests()
    try:
        postgres.start()
        bench = Bench(postgres, redis.start())
        rows = [*events(bench), *floor(bench), *celery(bench)]
    finally:
        redis.stop()
        postgres.stop()
        scratch.discard(folder)
    title = f"Events: publish to handled, {RELAYS} relays, durable PostgreSQL"
    print(json.dumps({"name": "events", "title": title, "rows": rows}))


def events(bench: Bench) -> list[dict[str, Any]]:
    rows = [
        end_to_end(bench, "counted", SINGLE, "a handler that writes a row, one event per transaction", 800),
        end_to_end(bench, "tallied", BATCHED, "a projection, in batches", 5_000),
    ]
    bench.wipe()
    began = time.monotonic()
    bench.publish("counted", 10)
    start_up = time.monotonic() - began
    began = time.monotonic()
    bench.publish("counted", SINGLE)
    rows.append(rate("published by one process, one per transaction", SINGLE / (time.monotonic() - began - start_up)))
    bench.wipe()
    with bench.relays():
        committed: list[float] = json.loads(bench.publish("counted", WAITS, pace=PACE))
        wait_until(lambda: bench.value(DONE["counted"]) == WAITS)
    begun = dict(bench.look.execute("SELECT number, begun FROM metered.metered_effect").fetchall())
    waits = [(begun[number] - at) * 1000 for number, at in enumerate(committed)]
    return rows + wait_rows(f"from commit to the handler, at {PACE}/s", waits, target=25)


def end_to_end(bench: Bench, kind: str, count: int, what: str, target: int) -> dict[str, Any]:
    """The first event is published when the clock starts, the last is handled when it stops."""
    found = []
    for _ in range(ROUNDS):
        bench.wipe()
        with bench.relays():
            began = first = time.monotonic()
            with bench.running("-m", "tests.benchmarks.metered.publisher", kind, str(count), str(LINES), "20", "0"):
                wait_until(lambda: bench.value("SELECT last_value FROM metered.metered_outbox_id_seq") > 1)
                first = time.monotonic()
                wait_until(lambda: bench.value(DONE[kind]) >= count)
            found.append(count / (time.monotonic() - first))
        check(bench, kind, count)
        print(f"{what}: {found[-1]:,.0f}/s (start-up {first - began:.1f} s)", flush=True)
    return rate(what, statistics.median(found), target)


def check(bench: Bench, kind: str, count: int) -> None:
    """Each once, and all gone: a benchmark of something that loses events measures nothing."""
    assert bench.value(DONE[kind]) == count
    wait_until(lambda: bench.value("SELECT count(*) FROM metered.metered_outbox") == 0)
    assert bench.value("SELECT count(*) FROM metered.metered_inbox WHERE completed_at IS NULL") == 0
    if kind == "counted":
        assert bench.value("SELECT count(DISTINCT number) FROM metered.metered_effect") == count


def floor(bench: Bench) -> list[dict[str, Any]]:
    """A table, SKIP LOCKED, an insert, a delete: nothing else."""
    bench.look.execute(bare.TABLES)
    rows = []
    for at_a_time in (1, 100):
        found = []
        count = BARE * (1 if at_a_time == 1 else 5)
        for _ in range(ROUNDS):
            bench.look.execute("TRUNCATE bare_job, bare_effect")
            worker = (sys.executable, str(Path(bare.__file__)), bench.admin_url, str(at_a_time))
            workers = [subprocess.Popen(worker, cwd=ROOT) for _ in range(RELAYS)]
            time.sleep(1)
            bare.fill(bench.admin_url, count)
            began = time.monotonic()
            for each in workers:
                each.wait(timeout=120)
            found.append(count / (time.monotonic() - began))
            assert bench.value("SELECT count(*) FROM bare_effect") == count
        rows.append(rate(f"floor: bare psycopg with SKIP LOCKED, {at_a_time} per transaction", max(found)))
    return rows


def celery(bench: Bench) -> list[dict[str, Any]]:
    """No-op tasks through Redis, with the settings and the worker of ``make run``."""
    client = redis_client.Redis.from_url(bench.redis_url)
    app = Celery("bench", broker=bench.redis_url)
    queue = queue_of("metered")
    app.conf.task_default_queue = queue
    options = ("--concurrency", "2", "--loglevel", "warning", "--without-gossip", "--without-mingle")
    worker = ("-m", "celery", "-A", "config", "--quiet", "worker", *options)

    def idle() -> bool:
        return not client.llen(queue) and not client.hlen("unacked")

    found = []
    for _ in range(ROUNDS):
        app.send_task("metered.nothing")  # taken when the worker has started
        with bench.running(*worker):
            wait_until(idle)
            began = time.monotonic()
            for _ in range(TASKS):
                app.send_task("metered.nothing")
            wait_until(idle)
            found.append(TASKS / (time.monotonic() - began))
            print(f"Celery: {found[-1]:,.0f}/s", flush=True)
    with bench.running(*worker):
        app.send_task("metered.nothing")
        wait_until(idle)
        for _ in range(WAITS):
            app.send_task("metered.stamp", kwargs={"sent": time.monotonic()})
            time.sleep(1 / PACE)
        wait_until(lambda: client.llen("metered:waits") == WAITS)
    waits = [float(wait) * 1000 for wait in client.lrange("metered:waits", 0, -1)]  # type: ignore[union-attr]
    rows = [rate("Celery with Redis: no-op tasks, sent and run", statistics.median(found))]
    return rows + wait_rows(f"Celery with Redis: from sending to the task, at {PACE}/s", waits)


def rate(what: str, value: float, target: int | None = None) -> dict[str, Any]:
    print(f"{what:<75} {value:>10,.0f} /s", flush=True)
    row = {"what": what, "value": round(value), "unit": "/s"}
    return row if target is None else row | {"target": f">= {target:,}", "met": value >= target}


def wait_rows(what: str, waits: list[float], target: float | None = None) -> list[dict[str, Any]]:
    ordered = sorted(waits)
    rows: list[dict[str, Any]] = []
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        value = round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 1)
        print(f"{f'{what}: {name}':<75} {value:>10.1f} ms", flush=True)
        rows.append({"what": f"{what}: {name}", "value": value, "unit": "ms"})
    if target is not None:
        rows[-1] |= {"target": f"<= {target}", "met": rows[-1]["value"] <= target}
    return rows


def wait_until(condition: Callable[[], bool], *, within: float = 120) -> None:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("the benchmark waited in vain")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
