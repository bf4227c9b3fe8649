"""Logins, refreshes and token checks; and what other requests feel of a storm of logins.

Served by granian with the flags of ``make run``, with the password hash of production. The storm is three times the
logins that the target asks for, at a rate that doesn't wait for answers: whoever comes too many gets 503.
"""

import json
import subprocess
import sys
from typing import Any

from tests.benchmarks.jobs import rows
from tests.benchmarks.served import ROOT, SMOKE, drive, granian, servers

JOBS, PEOPLE, SECONDS, CHECKS = (2_000, 300, 2.0, 300) if SMOKE else (100_000, 2_000, 12.0, 5_000)
STORM = 90  # logins a second
AT_ONCE = 4  # people logging in, without a storm: as many as two processes take, each one at work and one waiting
READERS, READS = 16, 100  # a second, by so many: half of what the server could do without the storm


def main() -> None:
    with servers(settings="tests.benchmarks.identity.settings", domains="identity,marketplace") as (
        environment,
        admin_url,
    ):
        rows.load(admin_url, JOBS)
        python(environment, "people", admin_url, str(PEOPLE))
        lines = [token_check(environment)]
        with granian(environment) as (port, _):
            lines += [rate(port, "login", AT_ONCE, 30), rate(port, "refresh", 8, 150)]
            lines += storm(port)
    print(json.dumps({"name": "identity", "title": "Logging in, refreshing, being checked", "rows": lines}))


def token_check(environment: dict[str, str]) -> dict[str, Any]:
    found = python(environment, "check", str(CHECKS))
    value = round(found["median"], 3)
    print(f"token check: median {value} ms, mean {found['mean']:.3f} ms", flush=True)
    return {
        "what": "token check, Redis included",
        "value": value,
        "unit": "ms",
        "target": "<= 0.3",
        "met": value <= 0.3,
    }


def rate(port: int, what: str, connections: int, target: int) -> dict[str, Any]:
    """As many as come through."""
    found = load(port, what, SECONDS, connections)
    value = found["done"] / found["seconds"]
    print(f"{what}: {value:.0f}/s, p95 {found['p95']:.0f} ms, {found['statuses']}", flush=True)
    return {"what": what, "value": round(value), "unit": "/s", "target": f">= {target}", "met": value >= target}


def storm(port: int) -> list[dict[str, Any]]:
    """The 95th percentile of ``GET /jobs``, before a storm and in it."""
    read(port, 1.0)
    quiet = read(port, SECONDS)
    command = [*module("load"), "login", str(port), str(SECONDS + 2), "64", str(PEOPLE), str(STORM)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as logins:
        read(port, 1.5)  # the storm gathers
        stormy = read(port, SECONDS - 1)
        found = json.loads(logins.communicate()[0])
    value = stormy / quiet
    print(f"GET /jobs p95: {quiet:.1f} ms, in a storm {stormy:.1f} ms: {value:.2f}x; logins {found}", flush=True)
    return [
        {"what": f"GET /jobs, {READS} a second: p95", "value": round(quiet, 1), "unit": "ms"},
        {"what": f"the same while {STORM} people a second log in", "value": round(stormy, 1), "unit": "ms"},
        {
            "what": "a storm of logins: p95 of GET /jobs",
            "value": round(value, 2),
            "unit": "x",
            "target": "<= 2",
            "met": value <= 2,
        },
        {"what": "logins that came through in it", "value": round(found["done"] / found["seconds"]), "unit": "/s"},
    ]


def read(port: int, seconds: float) -> float:
    """The 95th percentile in ms."""
    return float(drive(port, "/api/v1/jobs", seconds=seconds, connections=READERS, rate=READS)["p95"])


def load(port: int, what: str, seconds: float, connections: int) -> dict[str, Any]:
    command = [*module("load"), what, str(port), str(seconds), str(connections), str(PEOPLE)]
    result: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    return result


def python(environment: dict[str, str], name: str, *arguments: str) -> Any:
    output = subprocess.run([*module(name), *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)
    return json.loads(output.stdout) if output.stdout else None


def module(name: str) -> list[str]:
    return [sys.executable, "-m", f"tests.benchmarks.identity.{name}"]


if __name__ == "__main__":
    main()
