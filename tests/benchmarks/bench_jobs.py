"""``GET /jobs`` from 100,000 jobs under 16 connections, against a plain serializer view and against its bare SQL.

All three are served by one granian with the flags of ``make run`` and asked in turn, several rounds each; the ratio is
that of the medians. Beside it: searches one at a time, and which index each statement reads.
"""

import json
import statistics
import subprocess
import sys
import time
from typing import Any

import httpx
import psutil

from tests.benchmarks.jobs import rows
from tests.benchmarks.served import CONNECTIONS, ROOT, SMOKE, drive, granian, servers

JOBS, ROUNDS, SECONDS = (5_000, 1, 1.0) if SMOKE else (100_000, 5, 5.0)
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
    with servers(settings="tests.benchmarks.jobs.settings", domains="marketplace") as (environment, admin_url):
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
