"""Logins, refreshes and token checks; and what other requests feel of a storm of logins.

Served by granian with the flags of ``make run``, with the password hash of production. The storm is three times the
logins that the target asks for, at a rate that doesn't wait for answers: whoever comes too many gets 503.
"""

import json
import statistics
import subprocess
import sys
from typing import Any

from tests.benchmarks.jobs import rows
from tests.benchmarks.served import ROOT, SMOKE, drive, granian, servers

JOBS, PEOPLE, SECONDS, CHECKS = (2_000, 300, 2.0, 300) if SMOKE else (100_000, 2_000, 12.0, 5_000)
STORM = 90  # logins a second
OFFERED = 60  # logins a second, twice the target
ROUNDS = 1 if SMOKE else 5
READERS, READS = 16, 100  # a second, by so many: half of what the server could do without the storm


def main() -> None:
    with servers(settings="tests.benchmarks.identity.settings", domains="identity,marketplace") as (
        environment,
        admin_url,
    ):
        rows.load(admin_url, JOBS)
        python(environment, "people", admin_url, str(PEOPLE))
        lines = token_check(environment)
        with granian(environment) as (port, _):
            load(port, "login", 2.0, 8, OFFERED)  # whoever answers them is up
            lines += [rate(port, "login", 64, 30, offered=OFFERED), rate(port, "refresh", 8, 150)]
            lines += storm(port)
    print(json.dumps({"name": "identity", "title": "Logging in, refreshing, being checked", "rows": lines}))


def token_check(environment: dict[str, str]) -> list[dict[str, Any]]:
    found = python(environment, "check", str(CHECKS))
    print(f"token check, ms: {found}", flush=True)
    again, first = round(found["again"], 3), round(found["first"], 3)
    return [
        {
            "what": "token check, Redis included",
            "value": again,
            "unit": "ms",
            "target": "<= 0.3",
            "met": again <= 0.3,
        },
        {"what": "the same, of a token that the process has not seen yet", "value": first, "unit": "ms"},
    ]


def rate(port: int, what: str, connections: int, target: int, *, offered: int = 0) -> dict[str, Any]:
    """As many as come through: of those ``offered`` a second, or of connections that ask again at once."""
    found = load(port, what, SECONDS, connections, offered)
    value = found["done"] / found["seconds"]
    print(f"{what}: {value:.0f}/s, p95 {found['p95']:.0f} ms, {found['statuses']}", flush=True)
    return {"what": what, "value": round(value), "unit": "/s", "target": f">= {target}", "met": value >= target}


def storm(port: int) -> list[dict[str, Any]]:
    """The 95th percentile of ``GET /jobs``, before a storm and in it: medians of some rounds, each paired."""
    read(port, 1.0)
    rounds = [storm_round(port) for _ in range(ROUNDS)]
    quiet, stormy, logins = (statistics.median(column) for column in zip(*rounds, strict=True))
    value = statistics.median(stormy / quiet for quiet, stormy, _ in rounds)
    return [
        {"what": f"GET /jobs, {READS} a second: p95", "value": round(quiet, 1), "unit": "ms"},
        {"what": f"the same while {STORM} people a second log in", "value": round(stormy, 1), "unit": "ms"},
        {
            "what": f"a storm of logins: p95 of GET /jobs, median of {ROUNDS} rounds",
            "value": round(value, 2),
            "unit": "x",
            "target": "<= 2",
            "met": value <= 2,
        },
        {"what": "logins that came through in it", "value": round(logins), "unit": "/s"},
    ]


def storm_round(port: int) -> tuple[float, float, float]:
    """p95 in ms before and in it, and the logins a second that came through."""
    quiet = read(port, SECONDS / 2)
    command = [*module("load"), "login", str(port), str(SECONDS / 2 + 3), "64", str(PEOPLE), str(STORM)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as logins:
        read(port, 1.5)  # the storm gathers
        stormy = read(port, SECONDS / 2)
        found = json.loads(logins.communicate()[0])
    print(
        f"GET /jobs p95: {quiet:.1f} ms, in a storm {stormy:.1f} ms: {stormy / quiet:.2f}x; {found['statuses']}",
        flush=True,
    )
    return quiet, stormy, found["done"] / found["seconds"]


def read(port: int, seconds: float) -> float:
    """The 95th percentile in ms."""
    return float(drive(port, "/api/v1/jobs", seconds=seconds, connections=READERS, rate=READS)["p95"])


def load(port: int, what: str, seconds: float, connections: int, offered: int) -> dict[str, Any]:
    command = [*module("load"), what, str(port), str(seconds), str(connections), str(PEOPLE), str(offered)]
    result: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return result


def python(environment: dict[str, str], name: str, *arguments: str) -> Any:
    output = subprocess.run([*module(name), *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)
    return json.loads(output.stdout) if output.stdout else None


def module(name: str) -> list[str]:
    return [sys.executable, "-m", f"tests.benchmarks.identity.{name}"]


if __name__ == "__main__":
    main()
