"""What is expected of protected funds: escrows in parts and whole, and disputes about them."""

from dataclasses import dataclass, field

from tests.payments.auditor.balances import Refused
from tests.payments.auditor.desk import Desk


@dataclass
class Escrow:
    hirer: str
    worker: str
    amount: int
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
    state: str = "frozen"


def fee(gross: int) -> int:
    """A tenth, half a unit rounded up."""
    return (gross + 5) // 10


class ProtectedFunds(Desk):
    def __init__(self) -> None:
        super().__init__()
        self.requests: dict[tuple[str, int], str] = {}
        self.escrows: dict[str, Escrow] = {}
        self.disputes: dict[str, Dispute] = {}

    def fund(self, *, escrow: str, request: int, hirer: str, worker: str, amount: int) -> str:
        if (escrow, request) not in self.requests:
            self.requests[escrow, request] = self._funded(escrow, hirer, worker, amount)
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
        self.move((f"escrow:{escrow}:GHS", -amount), *self._earned(funds, amount))
        funds.parts[number] = amount

    def release(self, *, escrow: str) -> None:
        funds = self._escrow(escrow)
        if funds.state == "released":
            return
        self.check(funds.state == "funded")
        if not self._is_frozen(funds):  # else it waits for the end of that, longer than we look
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
        funds.state, self.disputes[dispute] = "disputed", Dispute(escrow)

    def unfreeze(self, *, dispute: str) -> None:
        case = self._dispute(dispute)
        if case.state == "withdrawn":
            return
        self.check(case.state == "frozen")
        funds = self.escrows[case.escrow]
        self.move((f"dispute:{dispute}:GHS", -funds.held), (f"escrow:{case.escrow}:GHS", funds.held))
        funds.state, case.state = "funded", "withdrawn"

    def decide(self, *, dispute: str, to_worker: int) -> None:
        case = self._dispute(dispute)
        if case.state == "decided" and self._is_settled_so(self.escrows[case.escrow], to_worker):
            return
        self.check(case.state == "frozen")
        self._settle(case.escrow, to_worker=to_worker, dispute=dispute)
        case.state = "decided"

    def _funded(self, escrow: str, hirer: str, worker: str, amount: int) -> str:
        there = self.escrows.get(escrow)
        if there:
            return "funded" if there.state == "funded" and there.amount == amount else "already_funded"
        left = self.left[f"wallet:{hirer}:GHS"]
        try:
            self.check_spendable(hirer, amount)
            self.move((f"wallet:{hirer}:GHS", -amount), (f"escrow:{escrow}:GHS", amount))
        except Refused as refusal:
            return refusal.code
        self.escrows[escrow] = Escrow(hirer, worker, amount, left=left)
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
        self.move((source, -held), *self._earned(funds, to_worker), back)
        funds.settled_gross = to_worker
        funds.state = "released" if to_worker == held else "split" if to_worker else "refunded"

    def _earned(self, funds: Escrow, gross: int) -> list[tuple[str, int]]:
        """However it is cut, fees sum to the fee of the whole."""
        taken = fee(funds.released + gross) - fee(funds.released)
        funds.released += gross
        return [("fee:GHS", taken), (f"wallet:{funds.worker}:GHS", gross - taken)]

    def _is_settled_so(self, funds: Escrow, to_worker: int) -> bool:
        return funds.state in ("released", "refunded", "split") and funds.settled_gross == to_worker

    def _is_frozen(self, funds: Escrow) -> bool:
        """What came first into a wallet leaves it first."""
        for thing in self.taken_back():
            wallet, came = thing.came
            overlaps = came < funds.left + funds.amount and funds.left < came + thing.amount
            if wallet == f"wallet:{funds.hirer}:GHS" and overlaps:
                return True
        return False

    def _check_not_frozen(self, funds: Escrow) -> None:
        if self._is_frozen(funds):
            raise Refused("funds_frozen")

    def _escrow(self, name: str) -> Escrow:
        if name not in self.escrows:
            raise Refused("not_found")
        return self.escrows[name]

    def _dispute(self, name: str) -> Dispute:
        if name not in self.disputes:
            raise Refused("not_found")
        return self.disputes[name]
