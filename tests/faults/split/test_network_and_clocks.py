"""A way that is cut for a minute, and a machine whose clock is five minutes off."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.split.evidence import check_events
from tests.faults.split.system import System
from tests.journeys.first_paid_job import FirstPaidJob
from tests.journeys.people import GHS, cedis

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CUT_FOR = 60.0  # seconds


@contextmanager
def cut(system: System, *pair: str) -> Iterator[None]:
    """Every packet between these two domains is lost, in both directions, while the block runs."""
    ports = [system.door(pair[0], pair[1]), system.door(pair[1], pair[0])]
    rules = [
        ["-p", "tcp", "-o", "lo", *match, str(port), "-j", "DROP"]
        for port in ports
        for match in (["--dport"], ["--sport"])
    ]
    for rule in rules:
        subprocess.run(["iptables", "-w", "-I", "OUTPUT", *rule], check=True)
    try:
        yield
    finally:
        for rule in rules:
            subprocess.run(["iptables", "-w", "-D", "OUTPUT", *rule], check=True)


def test_a_minute_without_network_between_contracts_and_payments(
    system: System, story: Callable[..., FirstPaidJob]
) -> None:
    outcomes: list[BaseException | None] = []

    def play() -> None:
        try:
            story(patience=240).play()
        except BaseException as error:  # a thread's own end: told below
            outcomes.append(error)
        else:
            outcomes.append(None)

    before = system.query("payments", "SELECT count(*) FROM payments_escrow WHERE state = 'released'")[0][0]
    threads = [threading.Thread(target=play) for _ in range(6)]
    for thread in threads[:4]:
        thread.start()
        time.sleep(1)  # each is somewhere else in its story when the cut comes
    with cut(system, "contracts", "payments"):
        began = time.monotonic()
        for thread in threads[4:]:  # and two begin theirs in the middle of it
            thread.start()
            time.sleep(5)
        time.sleep(CUT_FOR - (time.monotonic() - began))
        assert len(outcomes) <= 4, "the way was not cut"
    for thread in threads:
        thread.join(timeout=300)
    assert outcomes == [None] * len(threads)
    assert check_events(system) > 100
    released = system.query("payments", "SELECT count(*) FROM payments_escrow WHERE state = 'released'")[0][0]
    assert released - before == len(threads)
    assert "BROKEN" not in system.manage("payments", "books", "check")


def test_five_minutes_between_the_clocks_of_payments_and_the_others(
    system: System, story: Callable[..., FirstPaidJob], skew_file: Path
) -> None:
    told = story()
    told.up_to_the_contract()
    told.the_milestone_is_funded()
    ama, kofi, path = told.cast.ama, told.cast.kofi, f"/milestones/{told.cast.things['milestone_id']}"
    kofi.post(f"{path}/submit", {"note": "Done."}, If_Match=f'"{kofi.get(path)["version"]}"')
    skew_file.write_text("300")
    try:
        time.sleep(1)
        assert ama.get("/wallet", currency=GHS)["in_escrow"] == cedis(1250)  # people go on
        ama.post(f"{path}/approve", None, If_Match=f'"{ama.get(path)["version"]}"')
        # Signed calls and batches are good for a minute by the clock on the wall: these two refuse each other, say why,
        # and keep everything.
        system.until("the refusal is seen", lambda: "clocks differ" in _why(system), seconds=20)
        assert ama.get(path)["state"] == "approved"
    finally:
        skew_file.write_text("0")
    told._await_state(kofi, path, "released")
    assert kofi.get("/wallet", currency=GHS)["available"] == cedis(1125)
    check_events(system)
    assert "BROKEN" not in system.manage("payments", "books", "check")


def _why(system: System) -> str:
    waiting = system.query("contracts", "SELECT last_error FROM contracts_outbox WHERE target = 'payments'")
    return " ".join(error for (error,) in waiting)
