"""PostgreSQL killed under publishers and relays: what was committed is heard once, in order, by the same processes."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connections

from kelmah.db import roles
from kelmah.db.migration import migrate_domain
from kelmah.embedded import scratch
from kelmah.embedded.postgres import Postgres
from tests.faults.processes import running, start_relay, wait_until
from tests.probe import actions
from tests.probe.models import Effect, Inbox, Outbox

pytestmark = [pytest.mark.slow, pytest.mark.domain("probe", transaction=True), pytest.mark.timeout(180)]

LINES = 6


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """A durable server of this test's own, behind the alias of the probe."""
    folder = scratch.new_folder("faults-postgres")
    server = Postgres(home=folder)
    server.start()
    roles.create_database(server.url(), "kelmah")
    roles.prepare(server.url("kelmah"), ["probe"], password="test")
    usual: Any = dict(connections["probe"].settings_dict)
    connections["probe"].close()
    connections["probe"].settings_dict.update(PORT=str(server.port), NAME="kelmah")
    migrate_domain("probe", lambda line: None)
    yield server
    connections["probe"].close()
    connections["probe"].settings_dict.update(usual)
    server.stop()
    scratch.discard(folder)


def kill_and_restart(postgres: Postgres) -> None:
    assert postgres._child is not None
    os.kill(postgres._child.pid, signal.SIGKILL)
    postgres._child.wait()
    postgres.restart()


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
                kill_and_restart(postgres)
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
