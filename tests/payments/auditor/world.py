"""Where the auditor's commands are carried out: people and names of this example, the provider, the time."""

import json
import time
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx
from django.test import Client

from domains.payments import actions
from domains.payments.gateways.signatures import sign
from domains.payments.models import (
    Deadline,
    Deposit,
    ExchangeQuote,
    ExchangeRate,
    GatewayCommand,
    LedgerAccount,
    MoneyHold,
    Payout,
    Refund,
    WebhookEvent,
)
from kelmah import clock
from kelmah.ids import new_id
from kelmah.interfaces.payments.types import MoneyLine
from kelmah.money import Money
from kelmah.principal import Principal
from tests.payments.auditor.balances import CURRENCIES, PEOPLE
from tests.payments.auditor.gateway import CHARGES, PAYOUTS, REFUNDED_BY
from tests.payments.factories import somebody
from tests.payments.provider import SECRET

PLATFORM = {
    "gw:sandbox:": "float",
    "suspense:sandbox:": "suspense",
    "platform:loss:": "loss",
    "platform:fee:": "fee",
    "platform:fx:": "fx",
}
DEADLINES = {
    "auto_release": "silence",
    "release_when_free": "approved_before",
    "decide_when_free": "ruled_before",
    "mature": "mature",
    "hold_expires": "expire",
}


def cedis(minor: int) -> Money:
    return Money(minor, "GHS")


class World:
    """Names are the auditor's; ids are made of them, so that two clients mean the same thing by a name."""

    def __init__(self, provider: httpx.Client) -> None:
        self.provider = provider
        self.world = new_id()
        self.people: dict[str, Principal] = {who: somebody(self.id(who)) for who in PEOPLE}
        self.objects: dict[str, Deposit | Payout | Refund] = {}
        self.quotes: dict[str, UUID] = {}
        self.quoted_to: dict[str, str] = {}
        self.adjusted: dict[str, int] = {}
        self.disputed: dict[str, str] = {}
        self.before = _balances()
        self._begin()

    def id(self, name: str) -> UUID:
        return uuid5(self.world, name)

    def balances(self) -> dict[str, int]:
        """What changed since the beginning, by the auditor's names; what it has no name for under its own."""
        names, found = self._names(), Counter[str]()
        for key, balance in _balances().items():
            if balance != self.before.get(key, 0):
                found[names.get(key) or _platform(key)] += balance - self.before.get(key, 0)
        return {name: balance for name, balance in found.items() if balance}

    def clocks(self) -> Counter[str]:
        """How many run, by what they will do."""
        kinds = Deadline.objects.filter(done_at=None).values_list("kind", flat=True)
        return Counter(DEADLINES[kind] for kind in kinds)

    # Private methods

    def _begin(self) -> None:
        """On the next Monday, 00:30, where no clock runs and no rate was told by another example."""
        for table in (Deadline, ExchangeQuote, ExchangeRate):
            table.objects.all().delete()
        today = clock.reset()
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        self.monday = (midnight + timedelta(days=8 - today.isoweekday())).date()
        clock.advance(seconds=(midnight - today).total_seconds(), days=8 - today.isoweekday(), minutes=30)

    def _key(self, name: str) -> str:
        return f"{self.world}:{name}"

    def _names(self) -> dict[str, str]:
        names = {}
        for who in PEOPLE:
            for currency in CURRENCIES:
                names[f"user:{self.id(who)}:available:{currency}"] = f"wallet:{who}:{currency}"
                names[f"receivable:{self.id(who)}:{currency}"] = f"owed:{who}:{currency}"
            names[f"user:{self.id(who)}:pending:GHS"] = f"waiting:{who}:GHS"
            names[f"own:user:{self.id(who)}:savings:GHS"] = f"own:{who}:GHS"
        for name, thing in self.objects.items():
            kind = type(thing).__name__.lower()
            names[f"{kind}:{thing.id}"] = f"{kind}:{name}:{thing.currency}"
        for row in MoneyHold.objects.filter(key__startswith=f"{self.world}:"):
            names[f"hold:{row.id}"] = f"hold:{row.key.rpartition(':')[2]}:GHS"
        for number in range(10):
            for name in (f"escrow{number}", f"week{number}"):
                names[f"escrow:{self.id(name)}"] = f"escrow:{name}:GHS"
            names[f"dispute:{self.id(f'dispute{number}')}"] = f"dispute:dispute{number}:GHS"
        return names

    def _line(self, who: str, purpose: str, amount: int) -> MoneyLine:
        return MoneyLine(owner=f"user:{self.id(who)}", purpose=purpose, amount=cedis(amount))

    def _command(self, order: str) -> GatewayCommand:
        return GatewayCommand.objects.get(subject_id=self.objects[order].id)

    def _things(self, order: str) -> list[dict[str, Any]]:
        command = self._command(order)
        answer = self.provider.get(f"/v1/{command.kind}s", params={"reference": str(command.id)})
        return list(answer.json()["items"])

    def _until_it_is_over(self, order: str) -> None:
        """The provider has done what it does a little later."""
        command, deadline = self._command(order), time.monotonic() + 10
        plays = REFUNDED_BY.get(command.instrument, "acct_success") if command.kind == "refund" else command.instrument
        last = {**CHARGES, **PAYOUTS}[plays][1]
        while any(thing["status"] != last for thing in self._things(order)):
            assert time.monotonic() < deadline, f"{plays} never came to {last}"
            time.sleep(0.005)

    def _wish(self, what: str, **words: Any) -> dict[str, Any]:
        answer = self.provider.post(f"/_control/{what}", json=words)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def _deliver(self, kind: str, ref: str) -> None:
        event = {"id": f"evt_{new_id().hex}", "account": "kelmah", "object": {"kind": kind, "id": ref}}
        body = json.dumps(event).encode()
        headers = {"Sandbox-Signature": sign(SECRET, body, at=int(clock.now().timestamp()))}
        answer = Client().post("/api/v1/webhooks/sandbox", body, content_type="application/json", headers=headers)
        assert answer.status_code == 200
        actions.process_webhook(event_pk=WebhookEvent.objects.get(event_id=event["id"]).pk)


def _balances() -> dict[str, int]:
    return dict(LedgerAccount.objects.values_list("key", "balance"))


def _platform(key: str) -> str:
    return next((f"{name}:{key[len(at) : len(at) + 3]}" for at, name in PLATFORM.items() if key.startswith(at)), key)
