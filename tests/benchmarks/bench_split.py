"""The price of one process per domain: the journey, its reads, events across processes, and a backlog."""

import json
import os
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import psycopg

from kelmah import clock
from kelmah.embedded.status import megabytes
from kelmah.events.serialization import encode_event
from kelmah.ids import new_id
from kelmah.interfaces.contracts.events import ContractEnded
from kelmah.money import Money
from tests.faults.split.system import System
from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.narrator import Narrator
from tests.journeys.people import GHS
from tests.journeys.system import Running, started

SMOKE = bool(os.environ.get("BENCH_SMOKE"))
JOURNEYS, PEOPLE, READ_SECONDS, EVENTS, BACKLOG = (1, 4, 2.0, 300, 500) if SMOKE else (5, 20, 10.0, 4_000, 20_000)
LIMITS = {
    "RATE_LIMITS": "auth=100000/m,write=100000/m,read=1000000/m,search=1000000/m,letters_from=100000/m",
    "LOG_LEVEL": "WARNING",
}


def main() -> None:
    with started("local", "--no-demo", **LIMITS) as running:
        near = journeys(running)
        near_reads = reads(running)
    with started("split", "--no-demo", "--copies", "1", **LIMITS) as running:
        far = journeys(running)
        far_reads = reads(running)
        system = System(running)
        rate = events_per_second(system)
        drained, grown = backlog(system)
    rows = [
        row("journey, everything together", near, "s"),
        row("journey, one process group per domain", far, "s"),
        row("split against together", far / near, "x"),
        row(f"reads of the journey by {PEOPLE} people, together", near_reads, "per s"),
        row(f"reads of the journey by {PEOPLE} people, split", far_reads, "per s"),
        row("split against together", far_reads / near_reads, "x"),
        row("events across processes, published to handled", rate, "per s", target=200),
        row(f"a backlog of {BACKLOG:,} after an outage", drained, "per s", target=200),
        row("memory that draining it took, of teller and listener", grown, "MiB", target=-32),
    ]
    for line in rows:
        print(f"{line['what']:<60} {line['value']:>10} {line['unit']} {line.get('target', '')}")
    print(json.dumps({"name": "split", "title": "One process group per domain", "rows": rows}))


def row(what: str, value: float, unit: str, *, target: float | None = None) -> dict[str, Any]:
    """``target``: at least so much, or at most when negative."""
    line: dict[str, Any] = {"what": what, "value": round(value, 2 if value < 100 else 0), "unit": unit}
    if target is not None:
        line["target"] = f">= {target:g}" if target > 0 else f"<= {-target:g}"
        line["met"] = SMOKE or (value >= target if target > 0 else value <= -target)
    return line


def journeys(running: Running) -> float:
    """Seconds of the first paid job, the median of several, after one that warms up."""

    def play() -> float:
        began = time.monotonic()
        _story(running).play()
        return time.monotonic() - began

    play()
    return statistics.median(play() for _ in range(JOURNEYS))


def _story(running: Running) -> FirstPaidJob:
    return FirstPaidJob(api=running.api, live=running.live, mailbox=running.mailbox, narrator=Narrator(quiet=True))


def reads(running: Running) -> float:
    """Requests per second of what the people of a finished journey look at, by many at once."""
    told = _story(running)
    told.play()
    kofi, things = told.cast.kofi, told.cast.things
    paths = (
        "/me",
        "/jobs?q=cabinet",
        f"/jobs/{things['job_id']}",
        "/proposals/mine",
        f"/contracts/{things['contract_id']}",
        f"/milestones/{things['milestone_id']}",
        f"/wallet?currency={GHS}",
        f"/wallet/statement?currency={GHS}",
        "/conversations",
        "/notifications",
        f"/profiles/{kofi.user_id}",
        f"/users/{kofi.user_id}/reviews",
    )
    headers = {"Authorization": f"Bearer {kofi.tokens['access_token']}"}
    over, counts = threading.Event(), [0] * PEOPLE

    def look(number: int) -> None:
        with httpx.Client(base_url=f"{running.api}/api/v1", headers=headers, timeout=30) as client:
            while not over.is_set():
                for path in paths:
                    client.get(path).raise_for_status()
                    counts[number] += 1

    threads = [threading.Thread(target=look, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    before, began = sum(counts), time.monotonic()
    time.sleep(READ_SECONDS)
    done, seconds = sum(counts) - before, time.monotonic() - began
    over.set()
    for thread in threads:
        thread.join()
    return done / seconds


def events_per_second(system: System) -> float:
    """Facts of contracts that reviews hears in its own process: a window of reviews for each."""
    tell(system, min(EVENTS, 300))
    heard(system)
    began = time.monotonic()
    tell(system, EVENTS)
    heard(system)
    return EVENTS / (time.monotonic() - began)


def backlog(system: System) -> tuple[float, float]:
    """Events per second when the listener returns, and by how many MiB teller and listener grew."""
    with system.down("reviews"):
        tell(system, BACKLOG)
        time.sleep(5)  # the teller tries, and is refused
        teller = _memory(system, "contracts-relay")
    began, listener, most = time.monotonic(), _memory(system, "reviews-relay", "reviews-api-1"), 0.0

    def look() -> None:
        nonlocal most
        grown = _memory(system, "contracts-relay") - teller
        grown += _memory(system, "reviews-relay", "reviews-api-1") - listener
        most = max(most, grown)

    heard(system, meanwhile=look)
    return BACKLOG / (time.monotonic() - began), most


def tell(system: System, count: int) -> None:
    """As ``publish`` writes them, many at once: each of a contract of its own."""
    with psycopg.connect(system.database("contracts")) as connection:
        with connection.cursor().copy(
            "COPY contracts.contracts_outbox (event_id, target, topic, event_version, key, payload, occurred_at, trace)"
            " FROM STDIN"
        ) as copy:
            for _ in range(count):
                event = ContractEnded(
                    contract_id=new_id(),
                    hirer_id=new_id(),
                    worker_id=new_id(),
                    title="A backlog",
                    category="carpentry",
                    outcome="completed",
                    paid=Money(1000, GHS),
                    ended_at=clock.now(),
                )
                payload, at = encode_event(event).decode(), event.ended_at
                copy.write_row((new_id(), "reviews", event.topic, event.version, event.key, payload, at, "{}"))
        connection.execute("SELECT pg_notify('kelmah_events', 'contracts')")


def heard(system: System, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Wait until nothing waits between contracts and reviews."""
    left = (
        "SELECT count(*) FROM contracts_outbox WHERE target = 'reviews'",
        "SELECT count(*) FROM reviews_inbox WHERE completed_at IS NULL",
    )
    until = time.monotonic() + 600
    while system.query("contracts", left[0]) != [(0,)] or system.query("reviews", left[1]) != [(0,)]:
        if time.monotonic() > until:
            raise SystemExit("the events were not heard within ten minutes")
        meanwhile()
        time.sleep(0.1)


def _memory(system: System, *names: str) -> float:
    return sum(megabytes(row["pid"]) for row in system.rows() if row["process"] in names and row["pid"])


if __name__ == "__main__":
    main()
