"""What is expected when somebody asks for money in or out, and of disputes and of what staff decides."""

from typing import Final

from tests.payments.auditor.balances import Refused
from tests.payments.auditor.gateway import REFUNDED_BY, Gateway, Order, Thing

STEPS: Final = {
    "": (),
    "inquiry": (),
    "withdrawn": ("withdrawn",),
    "lost": ("withdrawn", "lost"),
    "reinstated": ("withdrawn", "reinstated"),
}
BEHIND: Final = {
    "": (),
    "inquiry": (),
    "withdrawn": ("withdrawn",),
    "lost": ("withdrawn", "lost"),
    "reinstated": ("withdrawn", "lost", "reinstated"),
}
SMALLEST_PAYOUT: Final = {"GHS": 100, "USD": 100, "JPY": 1, "KWD": 1000}


class Desk(Gateway):
    def deposit(self, *, order: str, who: str, amount: int, token: str) -> None:
        self.orders[order] = Order("charge", who, amount, token)

    def payout(self, *, order: str, who: str, amount: int, account: str, currency: str) -> None:
        if amount < SMALLEST_PAYOUT[currency]:
            raise Refused("amount_too_small")
        if self.owes_anything(who):
            raise Refused("debt_outstanding")
        if amount > self.has(who, currency):
            raise Refused("insufficient_funds")
        theirs = [o for o in self.orders.values() if (o.kind, o.who, o.currency) == ("payout", who, currency)]
        if any(o.state in ("new", "pending", "unknown") for o in theirs):
            raise Refused("payout_in_flight")
        self.move((f"wallet:{who}:{currency}", -amount), (f"payout:{order}:{currency}", amount), about=order)
        self.orders[order] = Order("payout", who, amount, account, currency)

    def refund(self, *, order: str, deposit: str, amount: int | None) -> None:
        """The owner's wish; ``amount`` is in cedis."""
        asked = self.orders[deposit]
        charge = asked.done
        if charge is None or charge.booked != "wallet":
            raise Refused("refund_too_large")
        if self.owes_anything(asked.who):
            raise Refused("debt_outstanding")
        self._refund(order, deposit, charge, amount)

    def send_back(self, *, order: str, deposit: str, which: int) -> None:
        """Staff has a charge given back that no wallet got."""
        charge = self.orders[deposit].things[which]
        if charge.booked != "suspense":
            raise Refused("not_found")
        if self.suspended.get((deposit, charge.currency), 0) < self.refundable(charge):
            raise Refused("refund_too_large")
        self._refund(order, deposit, charge, None)

    def accept(self, *, deposit: str) -> None:
        asked, charge = self.orders[deposit], self.orders[deposit].done
        self.check(asked.review == "in_review")
        if charge is None or charge.booked != "suspense" or self.refundable(charge) != charge.amount:
            raise Refused("nothing_arrived")
        wallet = (f"wallet:{asked.who}:{charge.currency}", charge.amount)
        charge.came = (wallet[0], self.came[wallet[0]])
        self.move(self._suspense(deposit, charge.currency, -charge.amount), wallet)
        asked.review, charge.booked = "succeeded", "wallet"

    def dismiss(self, *, deposit: str) -> None:
        self.check(self.orders[deposit].review == "in_review")
        self.orders[deposit].review = "failed"

    def accept_payout(self, *, payout: str) -> None:
        self.check(self.orders[payout].review == "in_review")
        self.orders[payout].review = "succeeded"

    def taken_back(self) -> list[Thing]:
        """What banks have taken of wallets, and neither gave again nor won."""
        things = [thing for order in self.orders.values() for thing in order.things]
        return [thing for thing in things if thing.chargeback == "withdrawn" and thing.taken_of == "wallet"]

    def dispute(self, *, deposit: str, phase: str, heard: bool) -> None:
        """The payer's bank goes on; we have heard of it, or not yet."""
        self.orders[deposit].things[0].disputed = phase
        if heard:
            self.tell_dispute(deposit=deposit)

    def tell_dispute(self, *, deposit: str) -> None:
        charge = self.orders[deposit].things[0]
        if not charge.booked:
            self._hear(deposit, charge)
        if not charge.booked:
            return
        charge.chargeback = charge.chargeback or "inquiry"
        for step in STEPS[charge.disputed]:
            if step not in BEHIND[charge.chargeback]:
                self._take(step, deposit, charge)
                charge.chargeback = step

    def _refund(self, name: str, deposit: str, charge: Thing, amount: int | None) -> None:
        left, asked = self.refundable(charge), self.orders[deposit]
        wanted = left if amount is None else amount
        if charge.chargeback in ("inquiry", "withdrawn"):
            raise Refused("dispute_open")
        if not 0 < wanted <= left or (amount is not None and charge.currency != "GHS"):
            raise Refused("refund_too_large")
        order = Order("refund", asked.who, wanted, REFUNDED_BY.get(asked.instrument, "acct_success"), charge.currency)
        order.of, order.of_order, order.source = charge, deposit, charge.booked
        if order.source == "wallet" and wanted > self.has(asked.who, charge.currency):
            raise Refused("insufficient_funds")
        self.move(self._source(order, -wanted), (f"refund:{name}:{charge.currency}", wanted), about=name)
        self.orders[name] = order

    def _take(self, step: str, deposit: str, charge: Thing) -> None:
        who, amount, currency = self.orders[deposit].who, charge.amount, charge.currency
        at_gateway = f"float:{currency}"
        if step == "withdrawn":
            charge.taken_of = charge.booked
            if charge.taken_of == "wallet":
                self.move(*self.wallet_first(who, amount, currency), (at_gateway, amount))
            else:
                self.move(self._suspense(deposit, currency, -amount), (at_gateway, amount))
        elif step == "reinstated" and charge.taken_of == "wallet":
            self.move((at_gateway, -amount), *self.debt_first(who, amount, currency))
        elif step == "reinstated":
            self.move((at_gateway, -amount), self._suspense(deposit, currency, amount))
