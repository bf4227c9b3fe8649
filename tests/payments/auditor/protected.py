"""What is expected of protected funds: escrows in parts and whole, and disputes about them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tests.payments.auditor.balances import CURRENCIES, Refused
from tests.payments.auditor.clock import HOUR
from tests.payments.auditor.desk import Desk


class Plan(NamedTuple):
    """``review_hours`` of silence pay; what was earned is free after ``pending_hours``."""

    percent: int
    review_hours: int | None
    pending_hours: int


PLANS: Final = {
    "standard": Plan(10, 14 * 24, 0),
    "quick": Plan(15, 24, 0),
    "hourly": Plan(10, None, 5 * 24),
}


@dataclass
class Escrow:
    hirer: str
    worker: str
    amount: int
    plan: str
    submission: int = 0  # the work handed in last
    released: int = 0
    state: str = "funded"
    parts: dict[int, int] = field(default_factory=dict)
    settled_gross: int = 0
    left: int = 0  # what had left the hirer's wallet before

    @property
    def held(self) -> int:
        return self.amount - self.released


@dataclass
class Dispute:
    escrow: str
    left: int | None  # of the silence, in minutes
    state: str = "frozen"
    award: int | None = None  # a ruling that waits for a bank


def fee(gross: int, percent: int) -> int:
    """Half a unit is rounded up."""
    return (gross * percent + 50) // 100


class ProtectedFunds(Desk):
    def __init__(self) -> None:
        super().__init__()
        self.requests: dict[tuple[str, int], str] = {}
        self.escrows: dict[str, Escrow] = {}
        self.disputes: dict[str, Dispute] = {}
        self.waiting: dict[str, tuple[str, int]] = {}  # earned, and not free yet

    def fund(self, *, escrow: str, request: int, hirer: str, worker: str, amount: int, plan: str) -> str:
        if (escrow, request) not in self.requests:
            self.requests[escrow, request] = self._funded(escrow, Escrow(hirer, worker, amount, plan))
        return self.requests[escrow, request]

    def part(self, *, escrow: str, number: int, amount: int) -> None:
        funds = self._escrow(escrow)
        if number in funds.parts:
            if funds.parts[number] != amount:
                raise Refused("part_number_taken")
            return
        self.check(funds.state == "funded")
        if amount >= funds.held:
            raise Refused("part_too_large")
        self._check_not_frozen(funds)
        self.move((f"escrow:{escrow}:GHS", -amount), *self._earned(escrow, amount, number))
        funds.parts[number] = amount

    def release(self, *, escrow: str) -> None:
        funds = self._escrow(escrow)
        if funds.state == "released":
            return
        self.check(funds.state == "funded")
        if self.is_frozen(funds):
            self.arm("approved_before", escrow, self.now + HOUR)
        else:
            self._settle(escrow, to_worker=funds.held)

    def give_back(self, *, escrow: str) -> None:
        if self._escrow(escrow).state != "refunded":
            self._settle(escrow, to_worker=0)

    def split(self, *, escrow: str, to_worker: int) -> None:
        if not self._is_settled_so(self._escrow(escrow), to_worker):
            self._settle(escrow, to_worker=to_worker)

    def freeze(self, *, dispute: str, escrow: str) -> None:
        funds = self._escrow(escrow)
        if dispute in self.disputes:
            if self.disputes[dispute].escrow != escrow:
                raise Refused("conflict")
            return
        self.check(funds.state == "funded")
        self.move((f"escrow:{escrow}:GHS", -funds.held), (f"dispute:{dispute}:GHS", funds.held))
        funds.state, self.disputes[dispute] = "disputed", Dispute(escrow, self.disarm("silence", escrow))

    def unfreeze(self, *, dispute: str) -> None:
        case = self._dispute(dispute)
        if case.state == "withdrawn":
            return
        self.check(case.state == "frozen" and case.award is None)
        funds = self.escrows[case.escrow]
        self.move((f"dispute:{dispute}:GHS", -funds.held), (f"escrow:{case.escrow}:GHS", funds.held))
        funds.state, case.state = "funded", "withdrawn"
        if case.left is not None:
            self.arm("silence", case.escrow, self.now + case.left)

    def decide(self, *, dispute: str, to_worker: int) -> None:
        case = self._dispute(dispute)
        if case.state == "decided" and self._is_settled_so(self.escrows[case.escrow], to_worker):
            return
        self.check(case.state == "frozen" and case.award in (None, to_worker))
        self._settle(case.escrow, to_worker=to_worker, dispute=dispute)
        case.state = "decided"

    def rule(self, *, dispute: str, escrow: str, to_worker: int) -> None:
        """As contracts tells of a decision: it waits while a bank wants the money back."""
        funds, case = self._escrow(escrow), self.disputes.get(dispute)
        if case is None:
            if funds.state in ("funded", "disputed"):
                raise Refused("not_found")
            return
        funds = self.escrows[case.escrow]
        if not (case.state == "frozen" and to_worker and self.is_frozen(funds)):
            self.decide(dispute=dispute, to_worker=to_worker)
            return
        if to_worker > funds.held:
            raise Refused("more_than_held")
        self.check(case.award in (None, to_worker))
        case.award = to_worker
        self.arm("ruled_before", dispute, self.now + HOUR)

    def protect(self, name: str, funds: Escrow) -> None:
        wallet = f"wallet:{funds.hirer}:GHS"
        funds.left = self.left[wallet]
        self.check_spendable(funds.hirer, funds.amount)
        self.move((wallet, -funds.amount), (f"escrow:{name}:GHS", funds.amount), about=name)
        self.escrows[name] = funds

    def _funded(self, escrow: str, funds: Escrow) -> str:
        there = self.escrows.get(escrow)
        if there:
            return "funded" if there.state == "funded" and there.amount == funds.amount else "already_funded"
        try:
            self.protect(escrow, funds)
        except Refused as refusal:
            return refusal.code
        return "funded"

    def _settle(self, name: str, *, to_worker: int, dispute: str = "") -> None:
        funds = self.escrows[name]
        self.check(funds.state == ("disputed" if dispute else "funded"))
        held = funds.held
        if to_worker > held:
            raise Refused("more_than_held")
        if to_worker:
            self._check_not_frozen(funds)
        source = f"dispute:{dispute}:GHS" if dispute else f"escrow:{name}:GHS"
        back = (f"wallet:{funds.hirer}:GHS", held - to_worker)
        self.move((source, -held), *self._earned(name, to_worker, 0), back, about=name)
        self.disarm("silence", name)
        funds.settled_gross = to_worker
        funds.state = "released" if to_worker == held else "split" if to_worker else "refunded"

    def _earned(self, name: str, gross: int, number: int) -> list[tuple[str, int]]:
        """However it is cut, fees sum to the fee of the whole."""
        funds = self.escrows[name]
        percent, _, pending_hours = PLANS[funds.plan]
        taken = fee(funds.released + gross, percent) - fee(funds.released, percent)
        funds.released += gross
        net = gross - taken
        if not (pending_hours and net):
            return [("fee:GHS", taken), (f"wallet:{funds.worker}:GHS", net)]
        earned = f"{name} {number}"
        self.waiting[earned] = (funds.worker, net)
        self.arm("mature", earned, self.now + pending_hours * HOUR)
        return [("fee:GHS", taken), (f"waiting:{funds.worker}:GHS", net)]

    def _is_settled_so(self, funds: Escrow, to_worker: int) -> bool:
        return funds.state in ("released", "refunded", "split") and funds.settled_gross == to_worker

    def is_frozen(self, funds: Escrow) -> bool:
        """What came first into a wallet leaves it first, and what comes back of it is the same money."""
        spans = [(thing.came[0], thing.came[1], thing.came[1] + thing.amount) for thing in self.taken_back()]
        spans = [span for span in spans if span[0].startswith(f"wallet:{funds.hirer}:")]
        for wallet, begins, ends in spans:  # which grows meanwhile
            for number, spent in enumerate(self.moved[wallet]):
                if spent.amount < 0 and begins < spent.ends and spent.before < ends:
                    spans += [span for span in self._back_of(wallet, number, funds.hirer) if span not in spans]
        of_wallet = [(begins, ends) for wallet, begins, ends in spans if wallet == f"wallet:{funds.hirer}:GHS"]
        return any(begins < funds.left + funds.amount and funds.left < ends for begins, ends in of_wallet)

    def _back_of(self, wallet: str, number: int, who: str) -> Iterator[tuple[str, int, int]]:
        """What came back into their wallets of what something had left for: later, or at once in another currency."""
        about = self.moved[wallet][number].about
        for name in (f"wallet:{who}:{currency}" for currency in CURRENCIES if about):
            for back in self.moved[name][number if name == wallet else 0 :]:
                if back.about == about and back.amount > 0:
                    yield name, back.before, back.ends

    def _check_not_frozen(self, funds: Escrow) -> None:
        if self.is_frozen(funds):
            raise Refused("funds_frozen")

    def _escrow(self, name: str) -> Escrow:
        if name not in self.escrows:
            raise Refused("not_found")
        return self.escrows[name]

    def _dispute(self, name: str) -> Dispute:
        if name not in self.disputes:
            raise Refused("not_found")
        return self.disputes[name]
