"""The price of a call between domains: over a plain function, by loopback, and by HTTP against a bare request."""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.calls.settings"
os.environ["KELMAH_EXTRA_DOMAINS"] = "tests.kernel.rpc.parcels"
os.environ["LOG_LEVEL"] = "ERROR"

import django

django.setup()

import structlog
from django.conf import settings

from kelmah.embedded.redis import Redis
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.rpc.pool import client_of
from kelmah.testing.api_process import api_process
from tests.kernel.rpc.parcels.calls import parcels
from tests.kernel.rpc.parcels.service import ParcelsService
from tests.kernel.rpc.parcels.types import Item, Parcel, Size

SMOKE = bool(os.environ.get("BENCH_SMOKE"))
LOCAL, ROUNDS = (2_000, 1) if SMOKE else (50_000, 5)
WIRED, TURNS = (50, 2) if SMOKE else (200, 25)


def main() -> None:
    with Path(os.devnull).open("w") as nowhere:  # every call writes its line, as in production
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=nowhere))
        rows = measure()
    for line in rows:
        print(f"{line['what']:<40} {line['value']:>8} {line['unit']} {line.get('target', '')}")
    print(json.dumps({"name": "calls", "title": "Calls between domains", "rows": rows}))


def measure() -> list[dict[str, Any]]:
    parcel, service = small(), ParcelsService()
    settings.LOCAL_DOMAINS = ("senders",)
    with parcels.replaced_by(service):
        settings.RPC_TRANSPORT = "local"
        overhead = statistics.median(
            per_call(lambda: parcels.same(parcel=parcel), LOCAL) - per_call(lambda: service.same(parcel=parcel), LOCAL)
            for _ in range(ROUNDS)
        )
    server = Redis.for_tests()
    settings.REDIS_URL = server.start()
    try:
        with parcels.replaced_by(service):
            settings.RPC_TRANSPORT = "loopback"
            loopback = percentiles(lambda: parcels.same(parcel=parcel))
        provider = {"KELMAH_EXTRA_DOMAINS": "tests.kernel.rpc.parcels", "LOCAL_DOMAINS": "parcels"}
        provider["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.calls.settings"
        with api_process(REDIS_URL=settings.REDIS_URL, **provider) as url:
            settings.DOMAIN_URLS = {"parcels": url}
            bare, remote, ratios = against(url, parcel)
    finally:
        server.stop()
    return [
        row("local call over a plain function", overhead * 1e6, "µs", most=20),
        *both("loopback", loopback),
        *both("a bare request to a bare view", bare),
        *both("remote call", remote),
        row("remote against bare, p50", ratios[0], "x", most=1.5),
        row("remote against bare, p95", ratios[1], "x"),
    ]


def small() -> Parcel:
    return Parcel(
        id=new_id(),
        size=Size.LARGE,
        sent_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        promised_on=None,
        items=[Item(name="clock", price=Money(12_500, "GHS"), weight=Decimal("1.50"))],
        labels={"fragile": "yes"},
        corners=(4, 2.5),
        insured=True,
    )


def against(url: str, parcel: Parcel) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """A bare request, a call, and the second over the first: in short turns, so that what else this machine does falls
    on both."""
    body = json.dumps({"value": json.loads(_wire(parcel))}).encode()
    client, headers = client_of(url), {"Content-Type": "application/json"}

    def plain() -> None:
        client.post("/bare", content=body, headers=headers).json()

    turns = []
    for _ in range(TURNS):
        bare, remote = percentiles(plain), percentiles(lambda: parcels.same(parcel=parcel))
        turns.append((bare, remote, (remote[0] / bare[0], remote[1] / bare[1])))
    bare, remote, ratios = map(middle, zip(*turns, strict=True))
    return bare, remote, ratios


def _wire(parcel: Parcel) -> bytes:
    from pydantic import TypeAdapter

    return TypeAdapter(Parcel).dump_json(parcel)


def per_call(work: Callable[[], Any], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def percentiles(work: Callable[[], Any]) -> tuple[float, float]:
    """p50 and p95 in seconds, after a tenth more to warm up."""
    for _ in range(WIRED // 10):
        work()
    taken = []
    for _ in range(WIRED):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.95)]


def middle(rounds: Iterable[tuple[float, float]]) -> tuple[float, float]:
    p50s, p95s = zip(*rounds, strict=True)
    return statistics.median(p50s), statistics.median(p95s)


def both(what: str, seconds: tuple[float, float]) -> list[dict[str, Any]]:
    return [row(f"{what}, {name}", value * 1000, "ms") for name, value in zip(("p50", "p95"), seconds, strict=True)]


def row(what: str, value: float, unit: str, *, most: float | None = None) -> dict[str, Any]:
    line: dict[str, Any] = {"what": what, "value": round(value, 2), "unit": unit}
    if most is not None:
        line |= {"target": f"<= {most:g}", "met": SMOKE or value <= most}
    return line


if __name__ == "__main__":
    main()
