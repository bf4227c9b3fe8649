"""A thousand webhooks to a running system, repeated and out of order: the books end as if each had come once, in turn.

The same histories happen twice. First in order: each word of the provider is heard and looked into before the next
thing happens. Then all at once, before API, relay, worker and beat as ``make run`` starts them: each word is delivered
several times over HTTP, from many threads, whenever the dice say so. Nothing here depends on how fast that goes.
"""

import json
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import redis as redis_client
from django.conf import settings as django_settings
from django.db import connections
from django.test import Client

from domains.payments import actions, rules, tasks
from domains.payments.actions import refunds
from domains.payments.gateways.signatures import sign
from domains.payments.models import GatewayCommand, Outbox, Position, WebhookEvent
from domains.payments.queries import refunds as queries
from domains.payments.queries.invariants import contradictions
from kelmah import processes
from kelmah.ids import new_id
from kelmah.testing.api_process import api_process
from tests.faults.processes import environment, running, start, wait_until
from tests.payments.factories import cedis, in_wallet, ordered_deposit, ordered_payout, rich, somebody, state_of
from tests.payments.provider import SECRET, Provider, caught

pytestmark = [pytest.mark.slow, pytest.mark.domain("payments", transaction=True), pytest.mark.timeout(1800)]

OF_EACH = 7  # histories of each kind
COPIES = 5  # of each webhook
LATER = 0.1  # seconds until the provider does what it does later
PATIENCE = 300.0  # seconds for a machine that has much else to do
NOBODY = "http://127.0.0.1:9"

Notice = tuple[str, str]  # what kind of object the provider speaks of, and its name there
Sent = Callable[[GatewayCommand], None]  # the order is at the provider


def there(provider: Provider, command: GatewayCommand) -> list[dict[str, str]]:
    """The provider's objects of an order."""
    asked = {"charge": provider.charges, "payout": provider.payouts, "refund": provider.refunds}
    return asked[command.kind](command.id)


class History(ABC):
    """What happens to somebody's money at the provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider, self.by = provider, somebody()

    @abstractmethod
    def happens(self, sent: Sent) -> Iterator[Notice]:
        """Step by step; after each the provider has something to say."""

    def end(self) -> tuple[object, ...]:
        """What became of it in the books."""
        return (*self.states(), in_wallet(self.by.user_id), queries.owed_by(self.by.user_id, "GHS").minor)

    @abstractmethod
    def states(self) -> tuple[str, ...]: ...

    def until(self, command: GatewayCommand, status: str) -> str:
        """The name of the order's object at the provider, once it is in this state there."""

        def has_come() -> bool:
            return any(thing["status"] == status for thing in there(self.provider, command))

        wait_until(f"a {command.kind} that is {status}", has_come, seconds=PATIENCE)
        return there(self.provider, command)[0]["id"]


class Charge(History):
    """A charge that the provider decides later."""

    token, last = "tok_pending", "succeeded"

    def happens(self, sent: Sent) -> Iterator[Notice]:
        self.deposit, self.command = ordered_deposit(self.by, cedis(100), self.token)
        sent(self.command)
        yield "charge", there(self.provider, self.command)[0]["id"]
        yield "charge", self.until(self.command, self.last)

    def states(self) -> tuple[str, ...]:
        return (state_of(self.deposit),)


class Declined(Charge):
    token, last = "tok_pending_decline", "failed"


class TooLittle(Charge):
    """The provider took less than was asked for: nobody's, until staff has looked."""

    token = "tok_amount_drift"


class ChargedTwice(Charge):
    """Two objects of one order: one is the deposit, the other stands in suspense."""

    token = "tok_charged_twice"

    def happens(self, sent: Sent) -> Iterator[Notice]:
        yield from super().happens(sent)
        for thing in there(self.provider, self.command):
            yield "charge", thing["id"]


class TakenBack(Charge):
    """40 of 100 are refunded at the provider's desk, then a bank takes the whole and gives it again."""

    phases: tuple[str, ...] = ("inquiry", "withdrawn", "reinstated")

    def happens(self, sent: Sent) -> Iterator[Notice]:
        yield from super().happens(sent)
        charge = self.until(self.command, "succeeded")
        key = f"by hand {new_id()}"
        refund = {"reference": key, "amount": 4000, "currency": "GHS", "charge": charge}
        yield "refund", self.provider.make("/v1/refunds", refund, key=key)
        ref = ""
        for phase in self.phases:
            ref = self.provider.make("/_control/disputes", {"charge": charge, "phase": phase, "ref": ref})
            yield "dispute", ref


class LostForGood(TakenBack):
    """The bank keeps it: the part that was refunded before is owed."""

    phases = ("withdrawn", "lost")


class PaidOut(History):
    """40 of 100 are paid out."""

    account, last = "acct_pending", "succeeded"

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self.by = rich(cedis(100))

    def happens(self, sent: Sent) -> Iterator[Notice]:
        self.payout, command = ordered_payout(self.by, cedis(40), self.account)
        sent(command)
        yield "payout", there(self.provider, command)[0]["id"]
        yield "payout", self.until(command, self.last)

    def states(self) -> tuple[str, ...]:
        return (state_of(self.payout),)


class CameBack(PaidOut):
    """Paid, and returned by the bank."""

    account, last = "acct_returned", "returned"


class Refunded(History):
    """We refund 30 of 100, and the payer's bank sends them back."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self.deposit, command = ordered_deposit(self.by, cedis(100), "tok_refund_comes_back")
        actions.submit_command(command_id=command.id)

    def happens(self, sent: Sent) -> Iterator[Notice]:
        self.refund = refunds.request_refund(by=self.by, deposit_id=self.deposit.id, amount=cedis(30))
        command = GatewayCommand.objects.get(subject_id=self.refund.id)
        sent(command)
        yield "refund", there(self.provider, command)[0]["id"]
        yield "refund", self.until(command, "returned")

    def states(self) -> tuple[str, ...]:
        return (state_of(self.deposit), state_of(self.refund))


KINDS = (Charge, Declined, TooLittle, ChargedTwice, TakenBack, LostForGood, PaidOut, CameBack, Refunded)


def histories(provider: Provider) -> list[History]:
    """Some of each kind, ready to begin: who needs money or a charge before has it."""
    made = [kind(provider) for _ in range(OF_EACH) for kind in KINDS]
    Outbox.objects.all().delete()  # nobody needs to send what was sent
    return made


def word(notice: Notice) -> bytes:
    """A webhook of its own about the object."""
    kind, ref = notice
    return json.dumps({"id": f"evt_{new_id().hex}", "account": "kelmah", "object": {"kind": kind, "id": ref}}).encode()


def signed(body: bytes) -> dict[str, str]:
    header = sign(SECRET, body, at=int(time.time()))
    return {"Sandbox-Signature": header, "Content-Type": "application/json"}


def in_order(told: list[History]) -> None:
    """One after the other; each word is heard, and looked into, before anything else happens."""
    for history in told:
        for notice in history.happens(lambda command: actions.submit_command(command_id=command.id)):
            body = word(notice)
            answer = Client().post("/api/v1/webhooks/sandbox", body, "application/json", headers=signed(body))
            assert answer.status_code == 200
            for pk in WebhookEvent.objects.filter(processed_at=None).values_list("pk", flat=True):
                actions.process_webhook(event_pk=pk)
    Outbox.objects.all().delete()


class Deliveries:
    """What the provider has to say, taken at random by threads that post it."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self._url, self._dice = url, dice
        self._waiting: list[bytes] = []
        self._changed = threading.Condition()
        self._more = True
        self.count = 0
        self.refused: list[int] = []

    def add(self, notice: Notice) -> None:
        """Some are said under two names: as two events about one object."""
        with self._changed:
            bodies = [word(notice), word(notice)] if self._dice.random() < 0.2 else [word(notice)]
            self._waiting += bodies * COPIES
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._more = False
            self._changed.notify_all()

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=60) as client:
            while body := self._taken():
                status = client.post("/api/v1/webhooks/sandbox", content=body, headers=signed(body)).status_code
                with self._changed:
                    self.count += 1
                    self.refused += [status] if status != 200 else []

    def _taken(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._more)
            if not self._waiting:
                return b""
            return self._waiting.pop(self._dice.randrange(len(self._waiting)))


def in_disorder(told: list[History], provider: Provider, url: str, dice: random.Random) -> int:
    """All at once, while threads deliver; returns how many deliveries there were."""
    deliveries = Deliveries(url, dice)

    def sent(command: GatewayCommand) -> None:
        """Not by us: the worker does it."""
        wait_until(f"the {command.kind} is sent", lambda: bool(there(provider, command)), seconds=PATIENCE)

    def happen(history: History) -> None:
        try:
            for notice in history.happens(sent):
                deliveries.add(notice)
        finally:
            connections.close_all()

    dice.shuffle(shuffled := list(told))
    with ThreadPoolExecutor(8) as postmen, ThreadPoolExecutor(6) as world:
        posting = [postmen.submit(deliveries.run) for _ in range(8)]
        try:
            list(world.map(happen, shuffled))
        finally:
            deliveries.close()
        for each in posting:
            each.result()
    assert deliveries.refused == []
    return deliveries.count


def waiting() -> int:
    events = WebhookEvent.objects.filter(processed_at=None, dead_at=None).count()
    return events + GatewayCommand.objects.exclude(state__in=rules.COMMAND.final).count()


def positions() -> dict[str, int]:
    return defaultdict(int, {f"{each.kind} {each.currency}": each.balance for each in Position.objects.all()})


def grown(before: dict[str, int]) -> dict[str, int]:
    """By how much the accounts of each kind have changed."""
    now = positions()
    return {kind: now[kind] - before[kind] for kind in now if now[kind] != before[kind]}


@pytest.fixture
def provider(settings) -> Iterator[Provider]:
    with caught(delay=LATER) as provider:
        settings.SANDBOX_GATEWAY_URL, settings.SANDBOX_WEBHOOK_SECRETS = provider.url, [SECRET]
        yield provider


@pytest.fixture
def system(provider: Provider, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """``system()`` starts payments as a deployment of its own, on this test's database; returns the API's address."""
    redis_client.Redis.from_url(django_settings.REDIS_URL).flushdb()
    elsewhere = sorted(django_settings.DOMAINS - {"payments"})
    env = environment(
        "payments",
        KELMAH_EXTRA_DOMAINS="",
        DOMAIN_URLS=",".join(f"{domain}={NOBODY}" for domain in elsewhere),
        SANDBOX_GATEWAY_URL=provider.url,
        SANDBOX_WEBHOOK_SECRETS=SECRET,
    )
    commands = (processes.relay(), processes.worker(), processes.beat(schedule=tmp_path / "beat"))
    with api_process(**env) as url:
        started = []

        def begin() -> str:
            started.extend(start(*command[1:], env=env) for command in commands)
            return url

        try:
            yield begin
        finally:
            for process in started:
                process.terminate()
            with running(*started):  # and whoever does not end is killed
                for process in started:
                    process.wait(timeout=60)


def test_row_18_a_thousand_webhooks_repeated_and_in_disorder_leave_the_books_as_in_order(provider, system):
    """Beside row 18's property test, which permutes one history in one process."""
    before = positions()
    orderly = histories(provider)
    in_order(orderly)
    tasks.collect_debts()
    expected = grown(before)
    before = positions()
    disorderly = histories(provider)
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    url, began = system(), time.monotonic()
    delivered = in_disorder(disorderly, provider, url, random.Random(seed))
    posted = time.monotonic() - began
    wait_until("everything is looked into", lambda: waiting() == 0, seconds=PATIENCE)
    took = time.monotonic() - began
    tasks.collect_debts()
    print(f"{delivered} deliveries in {posted:.1f} s; all of it in the books after {took:.1f} s")
    assert delivered >= 1000
    assert WebhookEvent.objects.exclude(dead_at=None).count() == 0
    assert [history.end() for history in disorderly] == [history.end() for history in orderly]
    assert grown(before) == expected
    assert contradictions() == []
