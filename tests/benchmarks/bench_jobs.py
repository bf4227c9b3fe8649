"""``GET /jobs`` from 100,000 jobs under 16 connections, against a plain serializer view and against its bare SQL.

All three are served by one granian with the flags of ``make run`` and asked in turn, several rounds each; the ratio is
that of the medians. Beside it: searches one at a time, and which index each statement reads.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from kelmah.embedded.environment import without_credentials
from kelmah.embedded.ports import free_port
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.processes import process_table
from kelmah.embedded.redis import Redis
from tests.benchmarks.jobs import rows

ROOT = Path(__file__).resolve().parents[2]
SMOKE = bool(os.environ.get("BENCH_SMOKE"))
JOBS, ROUNDS, SECONDS = (5_000, 1, 1.0) if SMOKE else (100_000, 5, 5.0)
CONNECTIONS = 16
PATHS = {
    "GET /jobs, 20 rows": "/api/v1/jobs",
    "a plain ModelSerializer view": "/api/bench/serializer",
    "the same SQL from a plain Django view": "/api/bench/sql",
}
SEARCHES = {
    "a rare word": "/api/v1/jobs?q=horologist",
    "a common trade": "/api/v1/jobs?q=plumber",
    "a word of most postings": "/api/v1/jobs?q=accra",
    "six words": "/api/v1/jobs?q=urgent+reliable+plumber+osu+accra+weekend",
    "six words within 25 km": "/api/v1/jobs?q=urgent+reliable+plumber+osu+accra+weekend&near=5.556,-0.182",
    "a skill, newest first": "/api/v1/jobs?skill=51-6041-00-cobbler",
}


def main() -> None:
    with servers() as (environment, admin_url):
        for command in ("prepare_databases", "migrate_domains"):
            setup = {**environment, "DATABASE_URL": admin_url}
            subprocess.run([sys.executable, "manage.py", command], cwd=ROOT, env=setup, check=True, capture_output=True)
        started = time.perf_counter()
        rows.load(admin_url, JOBS)
        print(f"{JOBS:,} jobs loaded in {time.perf_counter() - started:.1f} s", flush=True)
        with granian(environment) as (port, server):
            throughput, lines = compare(port, server)
            lines += [search(port, what, path) for what, path in SEARCHES.items()]
        lines += explained(environment)
    ours, serializer, sql = throughput.values()
    ratios = [
        ratio("GET /jobs against the plain ModelSerializer view", ours / serializer, 3.0),
        ratio("GET /jobs against the same SQL from a plain view", ours / sql, 0.6),
    ]
    title = f"GET /jobs: 20 of {JOBS:,} jobs, {CONNECTIONS} connections"
    print(json.dumps({"name": "jobs", "title": title, "rows": ratios + lines}))


@contextmanager
def servers() -> Iterator[tuple[dict[str, str], str]]:
    """The environment of the processes, and the administrator's address of the database."""
    postgres, redis = Postgres.for_tests(), Redis.for_tests()
    try:
        admin_url = urlsplit(postgres.start())._replace(path="/kelmah").geturl()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.jobs.settings",
            "LOCAL_DOMAINS": "marketplace",
            "KELMAH_EXTRA_DOMAINS": "",
            "DATABASE_URL": without_credentials(admin_url),
            "DATABASE_ROLE_PASSWORD": "bench",
            "REDIS_URL": redis.start(),
        }
        yield environment, admin_url
    finally:
        redis.stop()
        postgres.stop()


@contextmanager
def granian(environment: dict[str, str], ready: str = "/api/v1/jobs") -> Iterator[tuple[int, psutil.Process]]:
    """The API as ``make run`` serves it, once ``ready`` answers."""
    port = free_port()
    table = process_table(port=port, live_port=0, data=ROOT, commands=())
    api = next(each for each in table if each.name == "api")
    process = subprocess.Popen(api.command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}{ready}", timeout=5).raise_for_status()
                break
            except httpx.TransportError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise SystemExit("the server did not start") from None
                time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def compare(port: int, server: psutil.Process) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Requests per second of each path, the median of the rounds."""
    same_rows(port)
    found: dict[str, list[dict[str, Any]]] = {what: [] for what in PATHS}
    for path in PATHS.values():
        drive(port, path, seconds=SECONDS / 5)
    for _ in range(ROUNDS):
        for what, path in PATHS.items():
            before = cpu_seconds(server)
            result = drive(port, path, seconds=SECONDS)
            result["cpu"] = (cpu_seconds(server) - before) / result["requests"] * 1000
            found[what].append(result)
    throughput, lines = {}, []
    print(f"{'':<40} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>8}")
    for what, results in found.items():
        throughput[what] = statistics.median(each["requests"] / each["seconds"] for each in results)
        p50, p99, cpu = (statistics.median(each[name] for each in results) for name in ("p50", "p99", "cpu"))
        print(f"{what:<40} {throughput[what]:>8.0f} {p50:>8.1f} {p99:>8.1f} {cpu:>8.2f}", flush=True)
        lines += [
            {"what": what, "value": round(throughput[what]), "unit": "requests/s"},
            {"what": f"{what}: CPU of the server per request", "value": round(cpu, 3), "unit": "ms"},
        ]
    return throughput, lines


def same_rows(port: int) -> None:
    """All three must tell of the same jobs, or the comparison means nothing."""
    base = f"http://127.0.0.1:{port}"
    ours, plain, sql = (httpx.get(base + path).json() for path in PATHS.values())
    ids = [item["id"] for item in ours["items"]]
    assert len(ids) == 20
    assert ids == [item["id"] for item in plain["results"]] == [item["id"] for item in sql["items"]]
    for one, other in zip(ours["items"], plain["results"], strict=True):
        same = ("title", "excerpt", "category", "budget", "place", "state", "version")
        assert all(one[name] == other[name] for name in same), (one, other)
        assert {skill["id"] for skill in one["skills"]} == {skill["id"] for skill in other["skills"]}


def search(port: int, what: str, path: str) -> dict[str, Any]:
    """One connection: what a single person waits for."""
    result = drive(port, path, seconds=SECONDS / 2, connections=1)
    print(f"search, {what:<32} p50 {result['p50']:>6.1f} ms   p95 {result['p95']:>6.1f} ms", flush=True)
    p95 = round(result["p95"], 1)
    return {"what": f"search for {what}: p95", "value": p95, "unit": "ms", "target": "<= 150", "met": p95 <= 150}


def drive(port: int, path: str, *, seconds: float, connections: int = CONNECTIONS) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.jobs.load", str(port), str(seconds), str(connections), path]
    result: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    if result["refused"]:
        raise SystemExit(f"{path} was refused: {result['refused']}")
    return result


def explained(environment: dict[str, str]) -> list[dict[str, Any]]:
    """Statements per page, and the index that each kind of question reads."""
    command = [sys.executable, "-m", "tests.benchmarks.jobs.plans"]
    output = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout
    lines: list[dict[str, Any]] = json.loads(output)
    for line in lines:
        print(f"{line['what']:<60} {line['value']:>6} {line.get('unit', '')} {'' if line['met'] else 'MISSED'}")
    return lines


def cpu_seconds(server: psutil.Process) -> float:
    processes = [server, *server.children(recursive=True)]
    return float(sum(sum(each.cpu_times()[:2]) for each in processes))


def ratio(what: str, value: float, target: float) -> dict[str, Any]:
    print(f"{what:<60} {value:.2f} (target {target})")
    return {"what": what, "value": round(value, 2), "unit": "x", "target": f">= {target}", "met": value >= target}


if __name__ == "__main__":
    main()
