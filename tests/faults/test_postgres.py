"""PostgreSQL killed under publishers and relays: what was committed is heard once, in order, by the same processes."""

import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.db import DatabaseError, InterfaceError, connections

from kelmah.embedded.postgres import Postgres
from tests.faults.durable import crash, durable
from tests.faults.processes import running, start_relay, wait_until
from tests.probe import actions
from tests.probe.models import Effect, Inbox, Outbox

pytestmark = [pytest.mark.slow, pytest.mark.domain("probe", transaction=True), pytest.mark.timeout(180)]

LINES = 6


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with durable("probe") as server:
        yield server


def test_killed_three_times_under_load(postgres: Postgres) -> None:
    relays = [start_relay(), start_relay()]
    acknowledged: dict[str, list[int]] = {f"line {number}": [] for number in range(LINES)}
    stop = threading.Event()

    def publish(line: str) -> None:
        """Numbers that grow; one whose commit was cut off may be there or not."""
        number = 0
        while not stop.is_set():
            number += 1
            try:
                actions.count(line, number)
            except (DatabaseError, InterfaceError):
                connections["probe"].close()
                stop.wait(0.2)
            else:
                acknowledged[line].append(number)
                stop.wait(0.02)
        connections.close_all()

    publishers = [threading.Thread(target=publish, args=[line]) for line in acknowledged]
    with running(*relays):
        for publisher in publishers:
            publisher.start()
        try:
            for _ in range(3):
                stop.wait(2)
                crash(postgres)
            stop.wait(2)
        finally:
            stop.set()
            for publisher in publishers:
                publisher.join(timeout=30)
        connections["probe"].close()
        wait_until("everything is heard", all_is_heard, seconds=60)
        assert [relay.poll() for relay in relays] == [None, None], "the relays must outlive the database"
    for line, numbers in acknowledged.items():
        heard = list(Effect.objects.filter(line=line).order_by("id").values_list("number", flat=True))
        assert heard == sorted(set(heard)), f"{line}: twice or out of order: {heard}"
        assert set(numbers) <= set(heard), f"{line}: lost {set(numbers) - set(heard)}"


def all_is_heard() -> bool:
    with suppress(DatabaseError, InterfaceError):
        return not Outbox.objects.exists() and not Inbox.objects.filter(completed_at=None).exists()
    connections["probe"].close()
    return False
