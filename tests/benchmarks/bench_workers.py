"""``GET /workers`` among 200,000 workers: a mix of searches on two connections, and each kind on one.

Served by granian with the flags of ``make run``. Beside it: which index each statement reads, on those very rows.
"""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.benchmarks.served import ROOT, SMOKE, drive, granian, servers

WORKERS, SECONDS = (5_000, 2.0) if SMOKE else (200_000, 12.0)
LIMIT = 150  # ms
ACCRA = "near=5.556,-0.182"
TODAY = datetime.now(UTC).date()  # noqa: TID251 - of the real clock, as the server's
MONDAY = f"{TODAY + timedelta(days=7 - TODAY.weekday())}T10:00:00Z"
SEARCHES = {
    "nothing asked, the best": "",
    "a skill": "skill=47-2152-00-plumbing",
    "a skill within 25 km": f"skill=47-2152-00-plumbing&{ACCRA}",
    "three skills": "skill=47-2152-00-plumbing&skill=47-2031-00-carpentry&skill=47-2111-00-electrical-wiring",
    "the nearest": f"{ACCRA}&radius_km=50&sort=distance",
    "everybody within 100 km": f"{ACCRA}&radius_km=100",
    "a rare word": "q=horologist",
    "a common trade": "q=plumber",
    "a mistyped trade": "q=electrcian",
    "six words": "q=experienced+reliable+plumber+mensah+accra+repair",
    "six words within 25 km": f"q=experienced+reliable+plumber+mensah+accra+repair&{ACCRA}",
    "the cheapest with four stars": "currency=GHS&sort=rate&min_stars=4",
    "free on Monday at ten": f"available_at={MONDAY}",
    "all at once": f"q=plumber&skill=47-2152-00-plumbing&{ACCRA}&currency=GHS&max_rate=9000&min_stars=4"
    f"&available_at={MONDAY}",
    "most stars": "sort=rating",
}


def main() -> None:
    with servers(settings="tests.benchmarks.workers.settings", domains="identity") as (environment, admin_url):
        started = time.perf_counter()
        load = [sys.executable, "-m", "tests.benchmarks.workers.rows", admin_url, str(WORKERS)]
        subprocess.run(load, cwd=ROOT, env=environment, check=True)
        print(f"{WORKERS:,} workers loaded in {time.perf_counter() - started:.1f} s", flush=True)
        paths = [f"/api/v1/workers?{query}" for query in SEARCHES.values()]
        with granian(environment, ready=paths[0]) as (port, _):
            drive(port, " ".join(paths), seconds=SECONDS / 4, connections=2)
            lines = [line(port, "the mix, two at once", " ".join(paths), connections=2, seconds=SECONDS)]
            lines += [line(port, what, path) for what, path in zip(SEARCHES, paths, strict=True)]
        lines += explained(environment)
    title = f"GET /workers: 20 of {WORKERS:,} workers"
    print(json.dumps({"name": "workers", "title": title, "rows": lines}))


def line(port: int, what: str, path: str, *, connections: int = 1, seconds: float = SECONDS / 6) -> dict[str, Any]:
    result = drive(port, path, seconds=seconds, connections=connections)
    p95 = round(result["p95"], 1)
    print(f"{what:<32} p50 {result['p50']:>6.1f} ms   p95 {p95:>6.1f} ms   {result['requests']} requests", flush=True)
    return {"what": f"{what}: p95", "value": p95, "unit": "ms", "target": f"<= {LIMIT}", "met": p95 <= LIMIT}


def explained(environment: dict[str, str]) -> list[dict[str, Any]]:
    """The index that each kind of question reads."""
    command = [sys.executable, "-m", "tests.benchmarks.workers.plans"]
    output = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout
    lines: list[dict[str, Any]] = json.loads(output)
    for each in lines:
        print(f"{each['what']:<70} {each['value']:>7} ms {'' if each['met'] else 'MISSED'}")
    return lines


if __name__ == "__main__":
    main()
