"""The real system under the auditor's commands: the domain's actions, the sandbox's process, webhooks over HTTP."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from domains.payments import actions, tasks
from domains.payments.actions import (
    adjustments,
    disputes,
    escrows,
    exchange,
    holds,
    journals,
    receivables,
    refunds,
    reviews,
    weeks,
)
from domains.payments.actions.escrows import Funding
from domains.payments.models import FundingRequest
from kelmah import clock
from kelmah.errors import DomainError
from kelmah.ids import new_id
from kelmah.interfaces.payments.types import MoneyLine
from kelmah.money import Money
from tests.payments.auditor.model import Command
from tests.payments.auditor.world import World, cedis
from tests.payments.factories import ruling


class System(World):
    """A method per command."""

    def carry_out(self, command: Command) -> str:
        """``done``, or the code of the refusal."""
        name, words = command
        try:
            return getattr(self, name)(**words) or "done"
        except DomainError as refusal:
            return refusal.code

    # Time

    def wait(self, *, hours: int) -> None:
        clock.advance(hours=hours)

    def beat(self) -> None:
        tasks.run_deadlines()

    # Money in and out

    def deposit(self, *, order: str, who: str, amount: int, token: str) -> None:
        by = self.people[who]
        self.objects[order] = actions.request_deposit(by=by, amount=cedis(amount), gateway="sandbox", instrument=token)

    def payout(self, *, order: str, who: str, amount: int, account: str, currency: str) -> None:
        wanted = Money(amount, currency)
        self.objects[order] = actions.request_payout(
            by=self.people[who], amount=wanted, gateway="sandbox", destination=account
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
        if fault and command.state == "new":  # what nobody meets waits for the next order, of another history even
            self._wish("faults", on=f"POST /v1/{command.kind}s", does=fault)
        actions.submit_command(command_id=command.id)
        self._until_it_is_over(order)

    def follow(self, *, order: str) -> None:
        actions.follow_command(command_id=self._command(order).id)
        self._until_it_is_over(order)

    def give_up(self, *, order: str) -> None:
        actions.give_up_command(command_id=self._command(order).id, ruling=ruling())

    def tell(self, *, order: str) -> None:
        for thing in self._things(order):
            self._deliver(thing["kind"], thing["id"])

    def dispute(self, *, deposit: str, phase: str, heard: bool) -> None:
        charge, known = self._things(deposit)[0]["id"], self.disputed.get(deposit, "")
        self.disputed[deposit] = self._wish("disputes", charge=charge, phase=phase, ref=known)["id"]
        if heard:
            self.tell_dispute(deposit=deposit)

    def tell_dispute(self, *, deposit: str) -> None:
        self._deliver("dispute", self.disputed[deposit])

    def accept(self, *, deposit: str) -> None:
        actions.accept_deposit(deposit_id=self.objects[deposit].id, ruling=ruling())

    def dismiss(self, *, deposit: str) -> None:
        actions.dismiss_deposit(deposit_id=self.objects[deposit].id, ruling=ruling())

    def accept_payout(self, *, payout: str) -> None:
        actions.accept_payout(payout_id=self.objects[payout].id, ruling=ruling())

    # Protected funds

    def fund(self, *, escrow: str, request: int, hirer: str, worker: str, amount: int, plan: str) -> str:
        milestone = self.id(escrow)
        actions.fund_escrow(
            Funding(
                milestone_id=milestone,
                contract_id=self.world,
                hirer_id=self.id(hirer),
                worker_id=self.id(worker),
                title="Cabinets fitted",
                amount=cedis(amount),
                fee_plan=plan,
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

    def rule(self, *, dispute: str, escrow: str, to_worker: int) -> None:
        ids = {"dispute_id": self.id(dispute), "milestone_id": self.id(escrow)}
        disputes.decide_frozen(**ids, to_worker=cedis(to_worker))

    def charge_week(self, *, escrow: str, week: int, hirer: str, worker: str, amount: int) -> None:
        weeks.charge_week(
            weeks.Week(
                week_id=self.id(escrow),
                contract_id=self.world,
                hirer_id=self.id(hirer),
                worker_id=self.id(worker),
                title="Bookkeeping",
                monday=self.monday + timedelta(weeks=week),
                amount=cedis(amount),
            )
        )

    def hand_in(self, *, escrow: str, submission: int) -> None:
        reviews.start_review(milestone_id=self.id(escrow), submission=submission)

    def request_changes(self, *, escrow: str, submission: int) -> None:
        reviews.stop_review(milestone_id=self.id(escrow), submission=submission)

    # Other currencies

    def tell_rate(self, *, currency: str, rate: str) -> None:
        exchange.keep_rates({currency: Decimal(rate)}, origin="Bank of Ghana", observed_at=clock.now())

    def quote(self, *, quote: str, who: str, amount: int, sold: str, into: str) -> None:
        self.quotes[quote] = exchange.quote(by=self.people[who], sold=Money(amount, sold), into=into).id
        self.quoted_to[quote] = who

    def accept_quote(self, *, quote: str) -> None:
        exchange.accept(by=self.people[self.quoted_to[quote]], quote_id=self.quotes[quote])

    # Owners' money, and staff's hands

    def hold(self, *, hold: str, payer: str, amount: int, hours: int | None) -> None:
        wanted = {"key": self._key(hold), "payer_id": self.id(payer), "amount": cedis(amount)}
        expires_at = None if hours is None else clock.now() + timedelta(hours=hours)
        holds.hold(holds.Wanted(**wanted, purpose="fare", source="rides.ride:1", expires_at=expires_at))

    def capture(self, *, hold: str, worker: str, share: int, commission: int) -> None:
        lines = [self._line(worker, "earnings", share), _commission(commission)]
        holds.capture(key=self._key(hold), lines=lines)

    def let_go(self, *, hold: str) -> None:
        holds.release(key=self._key(hold))

    def pay_back(self, *, hold: str, key: str, worker: str, amount: int) -> None:
        holds.refund(key=self._key(hold), refund_key=key, lines=[self._line(worker, "available", -amount)])

    def cash_fare(self, *, driver: str, commission: int) -> None:
        lines = [self._line(driver, "receivable", -commission), _commission(commission)]
        journals.post_lines(key=self._key(str(new_id())), source="rides.ride:1", purpose="fare", lines=lines)

    def save_up(self, *, key: str, who: str, amount: int) -> None:
        lines = [self._line(who, "available", -amount), self._line(who, "savings", amount)]
        journals.post_lines(key=self._key(key), source="rides.ride:1", purpose="savings", lines=lines)

    def collect(self, *, who: str, currency: str) -> None:
        receivables.collect(user_id=self.id(who), currency=currency)

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

    def _approved(self, adjustment_id: UUID) -> int:
        """Its transaction; what can't be approved is declined."""
        try:
            return int(adjustments.approve(adjustment_id=adjustment_id, by_id=new_id()).txn_id or 0)
        except DomainError:
            adjustments.decline(adjustment_id=adjustment_id, by_id=new_id(), note="it can't be done")
            raise


def _commission(amount: int) -> MoneyLine:
    return MoneyLine(owner="platform", purpose="commission", amount=cedis(amount))
