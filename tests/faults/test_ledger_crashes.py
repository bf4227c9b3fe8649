"""The ledger's database stopped, cut off and restored under load: what was acknowledged is there, once, and adds up.

Rows 14 and 34 of the adversarial tests of payments; row 13 is in ``test_payments.py``.
"""

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from django.db import Error, connections

from domains.payments import actions, rules
from domains.payments.models import GatewayCommand, LedgerTransaction
from domains.payments.queries.invariants import contradictions
from kelmah.db import roles
from kelmah.embedded.postgres import Postgres
from tests.faults.durable import crash, durable, led_to, tool
from tests.payments.factories import cedis, in_wallet, move, ordered_deposit, ordered_payout, rich, somebody
from tests.payments.provider import SECRET, Provider, caught

pytestmark = [pytest.mark.slow, pytest.mark.domain("payments", transaction=True), pytest.mark.timeout(240)]

CLIENTS = 6


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with durable("payments") as server:
        yield server


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    with caught() as provider:
        settings.SANDBOX_GATEWAY_URL = provider.url
        settings.SANDBOX_WEBHOOK_SECRETS = [SECRET]
        yield provider


@dataclass
class Load:
    """Transfers tried and acknowledged so far, by key; ``unsure`` is what was cut off and may be there or not."""

    acknowledged: set[str] = field(default_factory=set)
    unsure: dict[str, tuple[str, str]] = field(default_factory=dict)


@contextmanager
def load_over(wallets: list[str]) -> Iterator[Load]:
    """While this block runs, six clients move cedis between the wallets as fast as they can."""
    load, stop = Load(), threading.Event()

    def client(seed: int) -> None:
        chance, number = random.Random(seed), 0
        while not stop.is_set():
            number += 1
            source, target = chance.sample(wallets, 2)
            key = f"crash:{seed}:{number}"
            try:
                move(source, target, cedis(0.01), key=key)
            except Error:
                load.unsure[key] = (source, target)
                connections["payments"].close()
                stop.wait(0.1)
            else:
                load.acknowledged.add(key)
        connections.close_all()

    threads = [threading.Thread(target=client, args=[seed]) for seed in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)


def kept() -> set[str]:
    return set(LedgerTransaction.objects.filter(idem__startswith="crash:").values_list("idem", flat=True))


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGKILL], ids=["stop -m immediate", "kill -9"])
def test_row_14_a_database_that_crashes_three_times_under_load_loses_and_doubles_nothing(postgres, how):
    wallets = [rules.available(rich(cedis(1000)).user_id, "GHS") for _ in range(CLIENTS)]
    with load_over(wallets) as load:
        for _ in range(3):
            threading.Event().wait(1.5)
            crash(postgres, how)
        threading.Event().wait(1.5)
    connections["payments"].close()
    there = kept()
    assert load.unsure, "it should have been cut off under them"
    assert load.acknowledged <= there, "acknowledged and lost"
    assert there <= load.acknowledged | set(load.unsure), "there, and never asked for"
    before = LedgerTransaction.objects.count()
    for key in there & set(load.unsure):  # committed, but nobody was told: tried again, it is the same transaction
        move(*load.unsure[key], cedis(0.01), key=key)
    assert (LedgerTransaction.objects.count(), contradictions()) == (before, [])


def test_row_34_a_backup_taken_under_load_restores_to_books_in_order(postgres, provider, clock, tmp_path: Path):
    by = somebody()
    paying = rich(cedis(100))
    wallets = [rules.available(rich(cedis(1000)).user_id, "GHS") for _ in range(CLIENTS)]
    _, charge = ordered_deposit(by, cedis(15))
    _, payout = ordered_payout(paying, cedis(40))
    dump = tmp_path / "payments.dump"
    with load_over(wallets) as load:
        threading.Event().wait(1)
        before = set(load.acknowledged)
        tool(postgres, "pg_dump", "--format=custom", "--schema=payments", f"--file={dump}", postgres.url("kelmah"))
        # After the backup the world goes on: the gateway does what the restored books know as ordered only.
        for command in (charge, payout):
            actions.submit_command(command_id=command.id)
        threading.Event().wait(0.5)
    assert (in_wallet(by.user_id), in_wallet(paying.user_id)) == (1500, 6000)
    restored_from(postgres, dump)
    assert contradictions() == []
    assert before <= kept() <= load.acknowledged | set(load.unsure)
    assert set(GatewayCommand.objects.filter(id__in=[charge.id, payout.id]).values_list("state", flat=True)) == {"new"}
    # What was ordered is ordered again, under the keys of then: for the gateway it is nothing new.
    clock.advance(minutes=1)
    actions.resolve_commands()
    assert (len(provider.charges(charge.id)), len(provider.payouts(payout.id))) == (1, 1)
    assert (in_wallet(by.user_id), in_wallet(paying.user_id), contradictions()) == (1500, 6000, [])


def restored_from(server: Postgres, dump: Path) -> None:
    """A fresh database made of the backup, as the runbook says; the domain's connections go there."""
    roles.create_database(server.url(), "restored")
    roles.prepare(server.url("restored"), ["payments"], password="test")
    with psycopg.connect(server.url("restored")) as connection:
        connection.execute("DROP SCHEMA payments CASCADE")
    tool(
        server, "pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={server.url('restored')}", str(dump)
    )
    led_to("payments", server, "restored")
