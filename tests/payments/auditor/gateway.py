"""What is expected of orders to the sandbox: charges, payouts and refunds, heard of by answer, question or webhook."""

from dataclasses import dataclass, field
from typing import Final

from tests.payments.auditor.balances import Refused
from tests.payments.auditor.clock import HOUR, Clock

# What the provider says at once, and what is true at last.
CHARGES: Final = {
    "tok_success": ("succeeded", "succeeded"),
    "tok_decline": ("failed", "failed"),
    "tok_pending": ("pending", "succeeded"),
    "tok_pending_decline": ("pending", "failed"),
    "tok_pending_forever": ("pending", "pending"),
    "tok_decline_late_success": ("failed", "succeeded"),
    "tok_charged_twice": ("succeeded", "succeeded"),
    "tok_amount_drift": ("succeeded", "succeeded"),
    "tok_currency_drift": ("succeeded", "succeeded"),
    "tok_other_account": ("succeeded", "succeeded"),
    "tok_live_mode": ("succeeded", "succeeded"),
    "tok_refund_fails": ("succeeded", "succeeded"),
    "tok_refund_waits": ("succeeded", "succeeded"),
    "tok_refund_comes_back": ("succeeded", "succeeded"),
}
PAYOUTS: Final = {
    "acct_success": ("succeeded", "succeeded"),
    "acct_reject": ("failed", "failed"),
    "acct_pending": ("pending", "succeeded"),
    "acct_returned": ("succeeded", "returned"),
    "acct_pending_returned": ("pending", "returned"),
    "acct_amount_drift": ("succeeded", "succeeded"),
}
REFUNDED_BY: Final = {
    "tok_refund_fails": "acct_reject",
    "tok_refund_waits": "acct_pending",
    "tok_refund_comes_back": "acct_returned",
}
DONE_BUT_UNHEARD: Final = ("error", "garbage")
NEVER_ARRIVED: Final = ("refuse", "limit", "unauthorized")
UNDECIDED: Final = ("new", "pending", "unknown")
REMEMBERED: Final = 24 * HOUR  # an order's key, by the provider


@dataclass
class Thing:
    """One object of the provider. ``booked``: what got a charge, the wallet or suspense."""

    status: str
    amount: int
    currency: str
    strange: bool = False
    booked: str = ""
    disputed: str = ""  # as the provider has it
    chargeback: str = ""  # as we have heard of it
    taken_of: str = ""
    came: tuple[str, int] = ("", 0)  # the wallet that got it, and what had come there before


@dataclass
class Order:
    kind: str
    who: str
    amount: int
    instrument: str
    currency: str = "GHS"
    state: str = "new"
    review: str = ""
    things: list[Thing] = field(default_factory=list)
    done: Thing | None = None
    of: Thing | None = None  # the charge that a refund is of
    of_order: str = ""
    source: str = "wallet"
    first_sent_at: int = 0
    answer: str = ""  # the provider's first, which its key is told again


class Gateway(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Order] = {}
        self.suspended: dict[tuple[str, str], int] = {}  # by order and currency

    def send(self, *, order: str, fault: str) -> None:
        asked = self.orders[order]
        if asked.state == "unknown" and self._is_remembered(asked):
            self._hear_answer(order, asked.answer or self._arrives(asked))
        if asked.state != "new":
            return
        asked.first_sent_at = self.now
        said = "" if fault in NEVER_ARRIVED else self._arrives(asked)
        if fault:
            asked.state = "unknown"
        else:
            self._hear_answer(order, said)

    def follow(self, *, order: str) -> None:
        """Ask about it, and send it once more when it never arrived; not when it might be done twice."""
        asked = self.orders[order]
        if asked.state == "new":
            self.send(order=order, fault="")
            return
        if asked.state not in UNDECIDED:
            return
        if not asked.things:
            if self._is_remembered(asked):
                self._hear_answer(order, self._arrives(asked))
            return
        done = [thing for thing in asked.things if thing.status == "succeeded"]
        self._hear(order, (done or asked.things)[0])

    def tell(self, *, order: str) -> None:
        """A webhook about each of the provider's objects."""
        for thing in self.orders[order].things:
            self._hear(order, thing)

    def give_up(self, *, order: str) -> None:
        """Staff: the provider knows nothing of it, and never will."""
        asked = self.orders[order]
        if asked.things or self._is_remembered(asked):
            raise Refused("still_uncertain")
        self.check(asked.state == "unknown")
        self._hear(order, None, "failed")

    def refundable(self, charge: Thing) -> int:
        of_it = [order for order in self.orders.values() if order.kind == "refund" and order.of is charge]
        gone = sum(order.amount for order in of_it if order.state not in ("rejected", "returned"))
        taken = charge.amount if charge.chargeback in ("withdrawn", "lost") else 0
        return max(charge.amount - gone - taken, 0)

    def _is_remembered(self, order: Order) -> bool:
        return self.now < order.first_sent_at + REMEMBERED

    def _arrives(self, order: Order) -> str:
        """What the provider answers; its objects have come to their last state meanwhile."""
        if order.kind == "refund":
            assert order.of is not None
            if order.of.disputed in ("withdrawn", "lost"):
                return "failed"  # refused: there is no object
        first, last = (CHARGES if order.kind == "charge" else PAYOUTS)[order.instrument]
        drifted = order.instrument in ("tok_amount_drift", "acct_amount_drift")
        thing = Thing(
            status=last,
            amount=order.amount - drifted,
            currency="USD" if order.instrument == "tok_currency_drift" else order.currency,
            strange=order.instrument in ("tok_other_account", "tok_live_mode"),
        )
        order.things.append(thing)
        if order.instrument == "tok_charged_twice":
            order.things.append(Thing(status=last, amount=order.amount, currency=order.currency))
        order.answer = first
        return first

    def _hear_answer(self, name: str, status: str) -> None:
        things = self.orders[name].things
        self._hear(name, things[0] if things else None, status)

    def _hear(self, name: str, thing: Thing | None, status: str = "") -> None:
        order = self.orders[name]
        match status or (thing.status if thing else ""):
            case "pending" if order.state in UNDECIDED:
                order.state = "pending"
            case "succeeded" if thing:
                self._succeeded(name, order, thing)
            case "failed" if order.state in UNDECIDED:
                order.state = "rejected"
                if order.kind == "charge":
                    order.review = "failed"
                else:
                    self.move((_hold(name, order), -order.amount), self._source(order, order.amount), about=name)
            case "returned" if thing:
                self._returned(name, order)

    def _succeeded(self, name: str, order: Order, thing: Thing) -> None:
        if order.state not in UNDECIDED:
            self._came_unexpectedly(name, order, thing)
            return
        order.state, order.done = "succeeded", thing
        differs = (thing.amount, thing.currency) != (order.amount, order.currency)
        if order.kind == "charge":
            order.review = "in_review" if differs or thing.strange else "succeeded"
            if not thing.strange:
                self._book(name, order, thing, "suspense" if differs else "wallet")
            return
        order.review = "in_review" if differs else "succeeded"
        missing = order.amount - thing.amount  # nothing but payouts drifts
        lines = [(_hold(name, order), -order.amount), (f"float:{order.currency}", thing.amount)]
        self.move(*lines, (f"suspense:{order.currency}", missing))

    def _came_unexpectedly(self, name: str, order: Order, thing: Thing) -> None:
        if order.kind != "charge" or thing.booked or thing.strange or (order.done is thing):
            return
        self._book(name, order, thing, "suspense")
        if order.state == "rejected":
            order.review, order.done = "in_review", thing

    def _returned(self, name: str, order: Order) -> None:
        if order.state in ("rejected", "returned"):
            return
        from_us = f"float:{order.currency}" if order.state == "succeeded" else _hold(name, order)
        order.state = "returned"
        self.move((from_us, -order.amount), self._source(order, order.amount), about=name)

    def _book(self, name: str, order: Order, thing: Thing, to: str) -> None:
        thing.booked = to
        gateway = (f"float:{thing.currency}", -thing.amount)
        if to == "wallet":
            wallet = f"wallet:{order.who}:{thing.currency}"
            thing.came = (wallet, self.came[wallet])
            self.move(gateway, (wallet, thing.amount))
        else:
            self.move(gateway, self._suspense(name, thing.currency, thing.amount))

    def _source(self, order: Order, amount: int) -> tuple[str, int]:
        if order.source == "suspense":
            return self._suspense(order.of_order, order.currency, amount)
        return f"wallet:{order.who}:{order.currency}", amount

    def _suspense(self, name: str, currency: str, amount: int) -> tuple[str, int]:
        self.suspended[name, currency] = self.suspended.get((name, currency), 0) + amount
        return f"suspense:{currency}", amount


def _hold(name: str, order: Order) -> str:
    return f"{order.kind}:{name}:{order.currency}"
