"""Workers killed while they move money: nothing is lost, nothing is moved twice, and the books stay in order."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import psycopg
import pytest
from django.db import Error, connections
from django.db.models import F

from domains.payments import actions, queries, rules
from domains.payments.actions import payout_batches, refunds
from domains.payments.gateways import Succeeded, gateway_named
from domains.payments.models import (
    Deposit,
    GatewayCommand,
    LedgerTransaction,
    Payout,
    PayoutBatch,
    Refund,
    WebhookEvent,
)
from domains.payments.queries.invariants import contradictions
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal
from tests.faults.processes import environment, start
from tests.payments.factories import cedis, in_wallet, move, ordered_deposit, ordered_payout, rich, somebody, state_of
from tests.payments.people import KnownPeople, known_people
from tests.payments.provider import SECRET, Provider, caught

pytestmark = [pytest.mark.slow, pytest.mark.domain("payments", transaction=True), pytest.mark.timeout(180)]

SENDING = ["command.before_call", "command.after_call", "command.before_commit", "command.after_settle"]


@pytest.fixture(scope="module")
def process() -> Iterator[Provider]:
    with caught() as provider:
        yield provider


@pytest.fixture
def provider(process: Provider, settings) -> Provider:
    settings.SANDBOX_GATEWAY_URL = process.url
    settings.SANDBOX_WEBHOOK_SECRETS = [SECRET]
    return process


@pytest.fixture
def people() -> Iterator[KnownPeople]:
    with known_people() as known:
        yield known


def killed_while(code: str, *, at: str, provider: Provider, **more: str) -> None:
    """Runs a worker's few lines in a process of its own, which is killed at the named place."""
    setting_up = "import django; django.setup(); from uuid import UUID; from domains.payments import actions"
    worker = start("-c", f"{setting_up}\n{code}", env=environment("payments", **_environment(provider, at), **more))
    assert worker.wait(timeout=60) == -9, "it should have been killed"


def _environment(provider: Provider, at: str) -> dict[str, str]:
    return {
        "KELMAH_EXTRA_DOMAINS": "",
        "SANDBOX_GATEWAY_URL": provider.url,
        "SANDBOX_WEBHOOK_SECRETS": SECRET,
        "KELMAH_FAULTPOINT": at,
    }


def heard_of(kind: str, ref: str, *, at: datetime) -> WebhookEvent:
    """A delivery that nobody has looked into yet."""
    return WebhookEvent.objects.create(
        gateway="sandbox",
        account="kelmah",
        event_id=str(new_id()),
        kind=kind,
        ref=ref,
        body=b"{}",
        received_at=at,
        next_at=at,
    )


def janitor_comes(clock) -> None:
    clock.advance(minutes=1)
    actions.resolve_commands()
    actions.sweep_webhooks()


@pytest.mark.parametrize("at", SENDING)
def test_a_worker_killed_while_it_sends_a_charge(provider, clock, at):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    killed_while(f"actions.submit_command(command_id=UUID({str(command.id)!r}))", at=at, provider=provider)
    assert contradictions() == []
    janitor_comes(clock)
    assert (state_of(deposit), in_wallet(by.user_id), len(provider.charges(command.id))) == ("succeeded", 1500, 1)
    assert contradictions() == []


@pytest.mark.parametrize("at", SENDING)
@pytest.mark.parametrize(("account", "end", "left"), [("acct_success", "paid", 6000), ("acct_reject", "failed", 10000)])
def test_a_worker_killed_while_it_sends_a_payout(provider, clock, at, account, end, left):
    by = rich(cedis(100))
    payout, command = ordered_payout(by, cedis(40), account)
    killed_while(f"actions.submit_command(command_id=UUID({str(command.id)!r}))", at=at, provider=provider)
    expected_while_unknown = 6000 if at != "command.after_settle" else left
    assert (in_wallet(by.user_id), contradictions()) == (expected_while_unknown, [])
    janitor_comes(clock)
    assert (state_of(payout), in_wallet(by.user_id), len(provider.payouts(command.id))) == (end, left, 1)
    assert contradictions() == []


@pytest.mark.parametrize(
    "at",
    [
        *("batch.before_call", "batch.after_call", "command.before_commit", "batch.before_mark", "batch.before_commit"),
        "batch.after_settle",
    ],
)
def test_row_16_a_worker_killed_while_it_sends_a_batch_of_payouts(provider, clock, settings, people, at):
    settings.PAYOUT_BATCH_SECONDS = 5
    made = [ordered_payout(rich(cedis(100)), cedis(40), account) for account in ("acct_success", "acct_reject") * 2]
    clock.advance(seconds=5)
    GatewayCommand.objects.filter(kind="payout").update(next_at=F("created_at"))  # the worker has the real clock
    killed_while(
        "from domains.payments.actions import payout_batches; from tests.payments.people import known_people\n"
        "with known_people(): payout_batches.send_gathered()",
        at=at,
        provider=provider,
        PAYOUT_BATCH_SECONDS="5",
    )
    batch = PayoutBatch.objects.get()
    assert (batch.count, batch.attempts, contradictions()) == (4, 1, [])
    for _ in range(2):
        clock.advance(minutes=1)
        actions.resolve_commands()
        payout_batches.send_gathered()
        payout_batches.resolve_batches()
    assert [state_of(payout) for payout, _ in made] == ["paid", "failed"] * 2
    assert [len(provider.payouts(command.id)) for _, command in made] == [1] * 4
    assert (state_of(batch), PayoutBatch.objects.count(), contradictions()) == ("itemized", 1, [])


def charged(amount: Money, token: str) -> tuple[Principal, Deposit]:
    """Somebody whose deposit the provider really holds."""
    by = somebody()
    deposit, command = ordered_deposit(by, amount, token)
    actions.submit_command(command_id=command.id)
    return by, deposit


@pytest.mark.parametrize("at", SENDING)
@pytest.mark.parametrize(
    ("token", "end", "left"), [("tok_success", "succeeded", 6000), ("tok_refund_fails", "failed", 10000)]
)
def test_row_16_a_worker_killed_while_it_sends_a_refund(provider, clock, at, token, end, left):
    by, deposit = charged(cedis(100), token)
    refund = refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(40))
    command = GatewayCommand.objects.get(subject_id=refund.id)
    killed_while(f"actions.submit_command(command_id=UUID({str(command.id)!r}))", at=at, provider=provider)
    expected_while_unknown = 6000 if at != "command.after_settle" else left
    assert (in_wallet(by.user_id), contradictions()) == (expected_while_unknown, [])
    janitor_comes(clock)
    assert (state_of(refund), in_wallet(by.user_id), len(provider.refunds(command.id))) == (end, left, 1)
    assert contradictions() == []


@pytest.mark.parametrize("at", ["webhook.after_fetch", "command.before_commit"])
def test_row_16_a_worker_killed_while_it_hears_of_a_refund(provider, clock, at):
    by, deposit = charged(cedis(100), "tok_success")
    refund = refunds.request_refund(by=by, deposit_id=deposit.id, amount=cedis(40))
    command = GatewayCommand.objects.get(subject_id=refund.id)
    made = gateway_named("sandbox").submit(queries.order_of(command))
    assert isinstance(made, Succeeded)
    GatewayCommand.objects.filter(id=command.id).update(state="unknown", attempts=1, next_at=clock.now())
    event = heard_of("refund", made.facts.ref, at=clock.now())
    killed_while(f"actions.process_webhook(event_pk={event.pk})", at=at, provider=provider)
    assert (state_of(refund), in_wallet(by.user_id), contradictions()) == ("processing", 6000, [])
    clock.advance(minutes=1)
    actions.sweep_webhooks()
    assert (state_of(refund), in_wallet(by.user_id), len(provider.refunds(command.id))) == ("succeeded", 6000, 1)


def test_row_16_a_process_killed_while_it_takes_a_refunds_hold_has_taken_nothing(provider):
    by, deposit = charged(cedis(100), "tok_success")
    killed_while(
        "from domains.payments.actions import refunds; from kelmah.money import Money\n"
        "from kelmah.principal import Principal\n"
        f"by = Principal(user_id=UUID({str(by.user_id)!r}), roles=frozenset(), session_id=None)\n"
        f"refunds.request_refund(by=by, deposit_id=UUID({str(deposit.id)!r}), amount=Money(4000, 'GHS'))",
        at="refund.before_commit",
        provider=provider,
    )
    assert (in_wallet(by.user_id), Refund.objects.count(), contradictions()) == (10000, 0, [])


@pytest.mark.parametrize("at", ["webhook.after_fetch", "command.before_commit"])
def test_a_worker_killed_while_it_looks_into_a_webhook(provider, clock, at):
    by = somebody()
    deposit, command = ordered_deposit(by, cedis(15))
    GatewayCommand.objects.update(state="unknown", attempts=1, next_at=clock.now())
    charge = provider.charge(command.id, amount=1500)
    event = heard_of("charge", charge["id"], at=clock.now())
    killed_while(f"actions.process_webhook(event_pk={event.pk})", at=at, provider=provider)
    assert (state_of(deposit), in_wallet(by.user_id), contradictions()) == ("processing", 0, [])
    clock.advance(minutes=1)
    actions.sweep_webhooks()
    assert (state_of(deposit), in_wallet(by.user_id), contradictions()) == ("succeeded", 1500, [])


def test_a_process_killed_while_it_takes_a_payouts_hold_has_taken_nothing(provider):
    by = rich(cedis(100))
    killed_while(
        "from kelmah.money import Money; from kelmah.principal import Principal\n"
        f"by = Principal(user_id=UUID({str(by.user_id)!r}), roles=frozenset(), session_id=None)\n"
        "actions.request_payout(by=by, amount=Money(4000, 'GHS'), gateway='sandbox', destination='acct_success')",
        at="payout.before_commit",
        provider=provider,
    )
    assert (in_wallet(by.user_id), Payout.objects.count(), contradictions()) == (10000, 0, [])


def test_connections_cut_at_random_under_load_lose_and_double_nothing(race):
    """Whoever was not told tries again under the same key, as every caller of the ledger does."""
    wallets = [rules.available(rich(cedis(1000)).user_id, "GHS") for _ in range(4)]
    done: list[str] = []
    cut: list[str] = []
    stop = threading.Event()

    def cutter() -> None:
        with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"], autocommit=True) as admin:
            while not stop.wait(0.02):
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
                    " WHERE usename = 'kelmah_payments' ORDER BY random() LIMIT 1) victim"
                )

    def client(seed: int) -> Callable[[], None]:
        def run() -> None:
            chance = random.Random(seed)
            for number in range(120):
                source, target = chance.sample(wallets, 2)
                key = f"cut:{seed}:{number}"
                while True:
                    try:
                        move(source, target, cedis(1), key=key)
                        done.append(key)
                        break
                    except Error:
                        cut.append(key)
                        connections["payments"].close()

        return run

    hunter = threading.Thread(target=cutter)
    hunter.start()
    try:
        assert race([client(seed) for seed in range(4)]) == [None] * 4
    finally:
        stop.set()
        hunter.join()
    connections["payments"].close()
    kept = LedgerTransaction.objects.filter(idem__startswith="cut:").count()
    assert cut, "the connections should have been cut under them"
    assert (kept, len(set(done)), contradictions()) == (480, 480, [])
