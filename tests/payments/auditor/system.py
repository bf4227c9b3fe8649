"""The real system under the auditor's commands: the domain's actions, the sandbox's process, webhooks over HTTP."""

import json
import time
from collections import Counter
from typing import Any
from uuid import UUID, uuid5

import httpx
from django.test import Client

from domains.payments import actions
from domains.payments.actions import adjustments, disputes, escrows, holds, journals, receivables, refunds
from domains.payments.actions.escrows import Funding
from domains.payments.gateways.signatures import sign
from domains.payments.models import (
    Deposit,
    FundingRequest,
    GatewayCommand,
    LedgerAccount,
    MoneyHold,
    Payout,
    Refund,
    WebhookEvent,
)
from kelmah.errors import DomainError
from kelmah.ids import new_id
from kelmah.interfaces.payments.types import MoneyLine
from kelmah.money import Money
from kelmah.principal import Principal
from tests.payments.auditor.balances import PEOPLE
from tests.payments.auditor.gateway import CHARGES, PAYOUTS, REFUNDED_BY
from tests.payments.auditor.model import Command
from tests.payments.factories import ruling, somebody
from tests.payments.provider import SECRET

PLATFORM = {"gw:sandbox:": "float", "suspense:sandbox:": "suspense", "platform:loss:": "loss", "platform:fee:": "fee"}


def cedis(minor: int) -> Money:
    return Money(minor, "GHS")


class System:
    """Names are the auditor's; ids are made of them, so that two clients mean the same thing by a name."""

    def __init__(self, provider: httpx.Client) -> None:
        self.provider = provider
        self.world = new_id()
        self.people: dict[str, Principal] = {who: somebody(self.id(who)) for who in PEOPLE}
        self.objects: dict[str, Deposit | Payout | Refund] = {}
        self.adjusted: dict[str, int] = {}
        self.disputed: dict[str, str] = {}
        self.before = _balances()

    def carry_out(self, command: Command) -> str:
        """``done``, or the code of the refusal."""
        name, words = command
        try:
            return getattr(self, name)(**words) or "done"
        except DomainError as refusal:
            return refusal.code

    def balances(self) -> dict[str, int]:
        """What changed since the beginning, by the auditor's names; what it has no name for under its own."""
        names, found = self._names(), Counter[str]()
        for key, balance in _balances().items():
            if balance != self.before.get(key, 0):
                found[names.get(key) or _platform(key)] += balance - self.before.get(key, 0)
        return {name: balance for name, balance in found.items() if balance}

    # Money in and out

    def deposit(self, *, order: str, who: str, amount: int, token: str) -> None:
        by = self.people[who]
        self.objects[order] = actions.request_deposit(by=by, amount=cedis(amount), gateway="sandbox", instrument=token)

    def payout(self, *, order: str, who: str, amount: int, account: str) -> None:
        by = self.people[who]
        self.objects[order] = actions.request_payout(
            by=by, amount=cedis(amount), gateway="sandbox", destination=account
        )

    def refund(self, *, order: str, deposit: str, amount: int | None) -> None:
        paid = self.objects[deposit]
        by = next(person for person in self.people.values() if person.user_id == paid.user_id)
        wanted = None if amount is None else cedis(amount)
        self.objects[order] = refunds.request_refund(by=by, deposit_id=paid.id, amount=wanted)

    def send_back(self, *, order: str, deposit: str, which: int) -> None:
        charge = self._things(deposit)[which]["id"]
        self.objects[order] = refunds.send_back(gateway="sandbox", charge_ref=charge, ruling=ruling())

    def send(self, *, order: str, fault: str) -> None:
        command = self._command(order)
        if fault:
            self._wish("faults", on=f"POST /v1/{command.kind}s", does=fault)
        actions.submit_command(command_id=command.id)
        self._until_it_is_over(order)

    def follow(self, *, order: str) -> None:
        actions.follow_command(command_id=self._command(order).id)
        self._until_it_is_over(order)

    def tell(self, *, order: str) -> None:
        for thing in self._things(order):
            self._deliver(thing["kind"], thing["id"])

    def dispute(self, *, deposit: str, phase: str) -> None:
        charge, known = self._things(deposit)[0]["id"], self.disputed.get(deposit, "")
        self.disputed[deposit] = self._wish("disputes", charge=charge, phase=phase, ref=known)["id"]

    def tell_dispute(self, *, deposit: str) -> None:
        self._deliver("dispute", self.disputed[deposit])

    def accept(self, *, deposit: str) -> None:
        actions.accept_deposit(deposit_id=self.objects[deposit].id, ruling=ruling())

    def dismiss(self, *, deposit: str) -> None:
        actions.dismiss_deposit(deposit_id=self.objects[deposit].id, ruling=ruling())

    def accept_payout(self, *, payout: str) -> None:
        actions.accept_payout(payout_id=self.objects[payout].id, ruling=ruling())

    # Protected funds

    def fund(self, *, escrow: str, request: int, hirer: str, worker: str, amount: int) -> str:
        milestone = self.id(escrow)
        actions.fund_escrow(
            Funding(
                milestone_id=milestone,
                contract_id=self.world,
                hirer_id=self.id(hirer),
                worker_id=self.id(worker),
                title="Cabinets fitted",
                amount=cedis(amount),
                fee_plan="standard",
                request=request,
            )
        )
        return FundingRequest.objects.get(milestone_id=milestone, request=request).outcome

    def part(self, *, escrow: str, number: int, amount: int) -> None:
        escrows.release_part(milestone_id=self.id(escrow), number=number, amount=cedis(amount))

    def release(self, *, escrow: str) -> None:
        actions.release_escrow(milestone_id=self.id(escrow))

    def give_back(self, *, escrow: str) -> None:
        actions.refund_escrow(milestone_id=self.id(escrow), ruling=ruling())

    def split(self, *, escrow: str, to_worker: int) -> None:
        escrows.settle_escrow(milestone_id=self.id(escrow), to_worker=cedis(to_worker))

    def freeze(self, *, dispute: str, escrow: str) -> None:
        disputes.freeze(dispute_id=self.id(dispute), milestone_id=self.id(escrow))

    def unfreeze(self, *, dispute: str) -> None:
        disputes.unfreeze(dispute_id=self.id(dispute))

    def decide(self, *, dispute: str, to_worker: int) -> None:
        disputes.decide(dispute_id=self.id(dispute), to_worker=cedis(to_worker))

    # Owners' money, and staff's hands

    def hold(self, *, hold: str, payer: str, amount: int) -> None:
        wanted = {"key": self._key(hold), "payer_id": self.id(payer), "amount": cedis(amount)}
        holds.hold(holds.Wanted(**wanted, purpose="fare", source="rides.ride:1", expires_at=None))

    def capture(self, *, hold: str, worker: str, share: int, commission: int) -> None:
        lines = [self._line(worker, "earnings", share), _commission(commission)]
        holds.capture(key=self._key(hold), lines=lines)

    def let_go(self, *, hold: str) -> None:
        holds.release(key=self._key(hold))

    def pay_back(self, *, hold: str, key: str, worker: str, amount: int) -> None:
        holds.refund(key=self._key(hold), refund_key=key, lines=[self._line(worker, "available", -amount)])

    def cash_fare(self, *, driver: str, commission: int) -> None:
        self._post([self._line(driver, "receivable", -commission), _commission(commission)])

    def save_up(self, *, who: str, amount: int) -> None:
        self._post([self._line(who, "available", -amount), self._line(who, "savings", amount)])

    def collect(self, *, who: str) -> None:
        receivables.collect(user_id=self.id(who), currency="GHS")

    def forgive(self, *, who: str) -> None:
        receivables.forgive(user_id=self.id(who), currency="GHS", ruling=ruling())

    def adjust(self, *, adjustment: str, who: str, amount: int) -> None:
        wallet = f"user:{self.id(who)}:available:GHS"
        lines = [(wallet, cedis(amount)), ("platform:loss:GHS", cedis(-amount))]
        asked = adjustments.ask(lines=lines, by_id=new_id(), reason="a mistake of ours")
        self.adjusted[adjustment] = self._approved(asked.id)

    def take_back(self, *, adjustment: str) -> None:
        asked = adjustments.ask_reversal(txn=self.adjusted[adjustment], by_id=new_id(), reason="it was no mistake")
        self._approved(asked.id)

    # Private methods

    def id(self, name: str) -> UUID:
        return uuid5(self.world, name)

    def _key(self, name: str) -> str:
        return f"{self.world}:{name}"

    def _names(self) -> dict[str, str]:
        names = {}
        for who in PEOPLE:
            for currency in ("GHS", "USD"):
                names[f"user:{self.id(who)}:available:{currency}"] = f"wallet:{who}:{currency}"
                names[f"receivable:{self.id(who)}:{currency}"] = f"owed:{who}:{currency}"
            names[f"own:user:{self.id(who)}:savings:GHS"] = f"own:{who}:GHS"
        for name, thing in self.objects.items():
            kind = type(thing).__name__.lower()
            names[f"{kind}:{thing.id}"] = f"{kind}:{name}:{thing.currency}"
        for row in MoneyHold.objects.filter(key__startswith=f"{self.world}:"):
            names[f"hold:{row.id}"] = f"hold:{row.key.rpartition(':')[2]}:GHS"
        for number in range(10):
            names[f"escrow:{self.id(f'escrow{number}')}"] = f"escrow:escrow{number}:GHS"
            names[f"dispute:{self.id(f'dispute{number}')}"] = f"dispute:dispute{number}:GHS"
        return names

    def _line(self, who: str, purpose: str, amount: int) -> MoneyLine:
        return MoneyLine(owner=f"user:{self.id(who)}", purpose=purpose, amount=cedis(amount))

    def _post(self, lines: list[MoneyLine]) -> None:
        journals.post_lines(key=f"{self.world}:{new_id()}", source="rides.ride:1", purpose="fare", lines=lines)

    def _approved(self, adjustment_id: UUID) -> int:
        """Its transaction; what can't be approved is declined."""
        try:
            return int(adjustments.approve(adjustment_id=adjustment_id, by_id=new_id()).txn_id or 0)
        except DomainError:
            adjustments.decline(adjustment_id=adjustment_id, by_id=new_id(), note="it can't be done")
            raise

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
        headers = {"Sandbox-Signature": sign(SECRET, body, at=int(time.time()))}
        answer = Client().post("/api/v1/webhooks/sandbox", body, content_type="application/json", headers=headers)
        assert answer.status_code == 200
        actions.process_webhook(event_pk=WebhookEvent.objects.get(event_id=event["id"]).pk)


def _balances() -> dict[str, int]:
    return dict(LedgerAccount.objects.values_list("key", "balance"))


def _platform(key: str) -> str:
    return next((f"{name}:{key[len(at) : len(at) + 3]}" for at, name in PLATFORM.items() if key.startswith(at)), key)


def _commission(amount: int) -> MoneyLine:
    return MoneyLine(owner="platform", purpose="commission", amount=cedis(amount))
