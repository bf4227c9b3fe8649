"""Live messages: 200 sockets in 20 conversations of 10, every message stored in PostgreSQL before it is delivered.

Beside it, in the same run and on the same server with the same flags, the room of the Channels tutorial over
RedisPubSubChannelLayer, which stores nothing. Saturation by a closed loop, then latency and CPU at half of it, then far
more than either can take. Rounds alternate; figures are medians.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from kelmah.embedded.environment import without_credentials
from kelmah.embedded.ports import free_port
from kelmah.embedded.postgres import Postgres
from kelmah.embedded.processes import process_table
from kelmah.embedded.redis import Redis
from kelmah.ids import new_id

ROOT = Path(__file__).resolve().parents[2]
SMOKE = bool(os.environ.get("BENCH_SMOKE"))
ROOMS, MEMBERS = 20, 10
ROUNDS, SECONDS, WARM_UP = (1, 1.0, 0.5) if SMOKE else (3, 5.0, 1.5)
IDLE = 100 if SMOKE else 1_000
TRIES = 5
OURS, PLAIN = "kelmah: stored, numbered, then delivered", "Channels + RedisPubSub: not stored"
APPLICATIONS = {OURS: "config.asgi:application", PLAIN: "tests.benchmarks.live.plain:application"}


def main() -> None:
    with servers() as (environment, admin_url):
        for command in ("prepare_databases", "migrate_domains"):
            setup = {**environment, "DATABASE_URL": admin_url}
            subprocess.run([sys.executable, "manage.py", command], cwd=ROOT, env=setup, check=True, capture_output=True)
        found: dict[str, list[dict[str, Any]]] = {OURS: [], PLAIN: []}
        for _ in range(ROUNDS):
            for what in found:
                found[what].append(one_round(what, environment, rooms(admin_url)))
        idle = {what: memory(what, environment, rooms(admin_url)) for what in found}
    rows = report({what: medians(rounds) for what, rounds in found.items()}, idle)
    title = f"Live: {ROOMS * MEMBERS} sockets in {ROOMS} conversations of {MEMBERS}"
    print(json.dumps({"name": "live", "title": title, "rows": rows}))


@contextmanager
def servers() -> Iterator[tuple[dict[str, str], str]]:
    """The environment of the processes, and the administrator's address of the database."""
    postgres, redis = Postgres.for_tests(), Redis.for_tests()
    try:
        admin_url = urlsplit(postgres.start())._replace(path="/kelmah").geturl()
        yield (
            {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings.test",
                "LOCAL_DOMAINS": "messaging",
                "KELMAH_EXTRA_DOMAINS": "",
                "DATABASE_URL": without_credentials(admin_url),
                "DATABASE_ROLE_PASSWORD": "bench",
                "REDIS_URL": redis.start(),
                "MESSAGES_PER_MINUTE": "1000000",
                "LOG_LEVEL": "ERROR",
            },
            admin_url,
        )
    finally:
        redis.stop()
        postgres.stop()


def rooms(admin_url: str) -> list[tuple[str, str]]:
    """Fresh conversations; (user, conversation) of every member."""
    members = []
    with psycopg.connect(admin_url) as connection:
        for _ in range(ROOMS):
            room, people = new_id(), sorted(new_id() for _ in range(MEMBERS))
            connection.execute(
                "INSERT INTO messaging.messaging_conversation (id, context_kind, context_id, first_id, second_id,"
                " title, last_seq, last_message_at, created_at)"
                " VALUES (%s, 'contract', %s, %s, %s, 'A group', 0, now(), now())",
                [room, new_id(), people[0], people[1]],
            )
            for person in people:
                connection.execute(
                    "INSERT INTO messaging.messaging_member (conversation_id, user_id, last_read_seq)"
                    " VALUES (%s, %s, 0)",
                    [room, person],
                )
                members.append((str(person), str(room)))
    return members


@contextmanager
def live(what: str, environment: dict[str, str]) -> Iterator[tuple[int, psutil.Process]]:
    """A live process with the flags of ``make run``."""
    port = free_port()
    table = process_table(port=0, live_port=port, data=ROOT, commands=())
    command = [APPLICATIONS[what] if part == APPLICATIONS[OURS] else part for part in _command(table)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 60
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > deadline or process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _command(table: Sequence[Any]) -> tuple[str, ...]:
    return next(each.command for each in table if each.name == "live")


def one_round(what: str, environment: dict[str, str], members: list[tuple[str, str]]) -> dict[str, Any]:
    with live(what, environment) as (port, server):
        driver = Driver(what, port, server, environment, members)
        closed = driver.drive(mode="closed")
        saturation = closed["delivered"] / closed["seconds"]
        half = driver.drive(mode="paced", rate=saturation / 2 / MEMBERS)
        over = driver.drive(mode="overload", window=24)
    found = {
        "saturation": saturation,
        "cpu_full": closed["cpu"] / closed["delivered"] * 1e6,
        "half": half["delivered"] / half["seconds"],
        "p50": half["p50"],
        "p99": half["p99"],
        "cpu": half["cpu"] / half["delivered"] * 1e6,
        "over": over["delivered"] / over["seconds"],
        "lost": lost(what, driver.loads),
        "cut_off": sum(over["closes"].values()),
    }
    print(f"{what:<42} " + "  ".join(f"{name} {value:,.1f}" for name, value in found.items()), flush=True)
    return found


class Driver:
    """Runs one load after the other on the same conversations."""

    def __init__(
        self, what: str, port: int, server: psutil.Process, environment: dict[str, str], members: list[tuple[str, str]]
    ) -> None:
        self.config = {"port": port, "plain": what == PLAIN, "members": members, "seen": {}}
        self.config |= {"seconds": SECONDS, "warm_up": WARM_UP}
        self.server, self.environment = server, environment
        self.loads: list[dict[str, Any]] = []

    def drive(self, **more: Any) -> dict[str, Any]:
        """One load; once more when nothing arrived while it was measured, which tells of the machine only. What it lost
        counts all the same."""
        for _ in range(TRIES):
            self.loads.append(self._drive(**more))
            if self.loads[-1]["delivered"]:
                return self.loads[-1]
        raise SystemExit(f"nothing was delivered in {TRIES} times {SECONDS} s: {more}")

    def _drive(self, **more: Any) -> dict[str, Any]:
        load = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.live.load", json.dumps(self.config | more)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert load.stdin is not None
        assert load.stdout is not None
        marks: dict[str, float] = {}
        result: dict[str, Any] = {}
        for line in load.stdout:
            if line.startswith("{"):
                result = json.loads(line)
            elif line.strip() == "go":
                load.stdin.write("\n")
                load.stdin.flush()
            else:
                marks[line.strip()] = cpu_seconds(self.server)
        if load.wait() or not result:
            raise SystemExit("the load failed")
        self.config["seen"] |= result["heads"]
        return result | {"cpu": marks["end"] - marks["begin"]}


def lost(what: str, loads: Sequence[dict[str, Any]]) -> int:
    """Deliveries that never happened, happened twice, or came out of order; or answers that never came."""
    if what == PLAIN:
        return sum(load["sent"] * MEMBERS - load["total"] for load in loads)
    return sum(
        load["wrong"] + load["behind"] + abs(load["sent"] - load["acked"] - sum(load["errors"].values()))
        for load in loads
    )


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def memory(what: str, environment: dict[str, str], members: list[tuple[str, str]]) -> float:
    """Kilobytes of the server's own memory for each socket that says nothing."""
    wanted = (members * (IDLE // len(members) + 1))[:IDLE]
    with live(what, environment) as (port, server):
        idle(what, port, environment, wanted[:10])  # what the first sockets make the process load
        before = server.memory_full_info().uss
        used = idle(what, port, environment, wanted, lambda: server.memory_full_info().uss) - before
    return float(used / IDLE / 1024)


def idle(what: str, port: int, environment: dict[str, str], members: list[tuple[str, str]], look: Any = int) -> int:
    config = {"port": port, "plain": what == PLAIN, "members": members, "seen": {}, "mode": "idle"}
    load = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.live.load", json.dumps(config)],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert load.stdout is not None
    assert load.stdout.readline().strip() == "connected"
    time.sleep(1)
    seen = int(look())
    load.communicate("\n")
    return seen


def medians(rounds: list[dict[str, Any]]) -> dict[str, float]:
    return {name: statistics.median(found[name] for found in rounds) for name in rounds[0]} | {
        "lost": sum(found["lost"] for found in rounds)
    }


def report(found: dict[str, dict[str, float]], idle: dict[str, float]) -> list[dict[str, Any]]:
    ours, plain = found[OURS], found[PLAIN]
    header = ("closed/s", "half: p50 ms", "p99 ms", "CPU µs", "over/s", "lost", "kB/socket")
    print(f"\n{'':<42}" + "".join(f"{name:>14}" for name in header))
    for what, figures in found.items():
        cells = (*(figures[name] for name in ("saturation", "p50", "p99", "cpu", "over", "lost")), idle[what])
        print(f"{what:<42}" + "".join(f"{value:>14,.1f}" for value in cells))
    ahead = ours["saturation"] / plain["saturation"]
    return [
        _row("deliveries per second, closed loop", ours["saturation"], "1/s", 10_000, at_least=True),
        _row("latency at half of that, p50", ours["p50"], "ms"),
        _row("latency at half of that, p99", ours["p99"], "ms", 25),
        _row("CPU of the live process per delivery, at half", ours["cpu"], "µs", 80),
        _row("lost, doubled or out of order when pushed past the limit", ours["lost"], "messages", 0),
        _row("against Channels + RedisPubSub, which stores nothing", ahead, "ratio", 1, at_least=True),
        _row("Channels + RedisPubSub: deliveries per second", plain["saturation"], "1/s"),
        _row("Channels + RedisPubSub: CPU per delivery, at half", plain["cpu"], "µs"),
        _row("Channels + RedisPubSub: lost when pushed past the limit", plain["lost"], "messages"),
        _row("memory per idle socket", idle[OURS], "kB"),
        _row("Channels + RedisPubSub: memory per idle socket", idle[PLAIN], "kB"),
    ]


def _row(what: str, value: float, unit: str, target: float | None = None, *, at_least: bool = False) -> dict[str, Any]:
    row: dict[str, Any] = {"what": what, "value": round(value, 2), "unit": unit}
    if target is not None:
        row["target"] = f"{'>=' if at_least else '<='} {target:,}"
        row["met"] = value >= target if at_least else value <= target
    return row


if __name__ == "__main__":
    main()
