"""What is expected of money in the words of other domains, and of what staff move by hand."""

from dataclasses import dataclass, field

from tests.payments.auditor.balances import Refused
from tests.payments.auditor.clock import HOUR, Clock


@dataclass
class Hold:
    payer: str
    amount: int
    state: str = "held"
    worker: str = ""
    lines: tuple[str, int, int] = ("", 0, 0)
    refunded: int = 0
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def captured(self) -> int:
        return self.lines[1] + self.lines[2]


class OwnersMoney(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.holds: dict[str, Hold] = {}
        self.posted: dict[str, tuple[str, int]] = {}
        self.adjusted: dict[str, tuple[str, int]] = {}
        self.reversed: set[str] = set()

    def hold(self, *, hold: str, payer: str, amount: int, hours: int | None) -> None:
        if hold in self.holds:
            if (self.holds[hold].payer, self.holds[hold].amount) != (payer, amount):
                raise Refused("ledger_key_reused")
            return
        self.check_spendable(payer, amount)
        self.move((f"wallet:{payer}:GHS", -amount), (f"hold:{hold}:GHS", amount), about=hold)
        self.holds[hold] = Hold(payer, amount)
        if hours is not None:
            self.arm("expire", hold, self.now + hours * HOUR)

    def capture(self, *, hold: str, worker: str, share: int, commission: int) -> None:
        held, lines = self._hold(hold), (worker, share, commission)
        if held.state == "captured" and held.lines == lines:
            return
        self.check(held.state == "held")
        if not 0 < share + commission <= held.amount:
            raise Refused("lines_do_not_fit")
        rest = (f"wallet:{held.payer}:GHS", held.amount - share - commission)
        given = (*self.debt_first(worker, share), ("fee:GHS", commission), rest)
        self.move((f"hold:{hold}:GHS", -held.amount), *given, about=hold)
        held.state, held.worker, held.lines = "captured", worker, lines
        self.disarm("expire", hold)

    def let_go(self, *, hold: str) -> None:
        held = self._hold(hold)
        if held.state != "released":
            self.check(held.state == "held")
            self.disarm("expire", hold)
            self.expire(hold)

    def expire(self, hold: str) -> None:
        held = self.holds[hold]
        self.move((f"hold:{hold}:GHS", -held.amount), (f"wallet:{held.payer}:GHS", held.amount), about=hold)
        held.state = "released"

    def pay_back(self, *, hold: str, key: str, worker: str, amount: int) -> None:
        held = self._hold(hold)
        if key in held.refunds:
            if held.refunds[key] != (worker, amount):
                raise Refused("ledger_key_reused")
            return
        self.check(held.state == "captured")
        if held.refunded + amount > held.captured:
            raise Refused("lines_do_not_fit")
        if self.has(worker) < amount:  # also when it is the payer's own wallet: it is taken first
            raise Refused("insufficient_funds")
        self.move((f"wallet:{worker}:GHS", -amount), (f"wallet:{held.payer}:GHS", amount), about=hold)
        held.refunded += amount
        held.refunds[key] = (worker, amount)

    def cash_fare(self, *, driver: str, commission: int) -> None:
        self.move((f"owed:{driver}:GHS", -commission), ("fee:GHS", commission))

    def save_up(self, *, key: str, who: str, amount: int) -> None:
        """Beside the wallet; negative: back into it. A key is used once."""
        if key in self.posted:
            if self.posted[key] != (who, amount):
                raise Refused("ledger_key_reused")
            return
        self.move((f"wallet:{who}:GHS", -amount), (f"own:{who}:GHS", amount))
        self.posted[key] = (who, amount)

    def collect(self, *, who: str, currency: str) -> None:
        paid = min(self.owes(who, currency), self.has(who, currency))
        self.move((f"wallet:{who}:{currency}", -paid), (f"owed:{who}:{currency}", paid))

    def forgive(self, *, who: str) -> None:
        if not self.owes(who):
            raise Refused("not_found")
        owed = self.owes(who)
        self.move((f"owed:{who}:GHS", owed), ("loss:GHS", -owed))

    def adjust(self, *, adjustment: str, who: str, amount: int) -> None:
        """Asked for by one of staff, approved by another: the platform gives, or takes."""
        if f"wallet:{who}:GHS" not in self.balances:
            raise Refused("invalid_input")
        self.move((f"wallet:{who}:GHS", amount), ("loss:GHS", -amount))
        self.adjusted[adjustment] = (who, amount)

    def take_back(self, *, adjustment: str) -> None:
        who, amount = self.adjusted[adjustment]
        if adjustment in self.reversed:
            raise Refused("already_reversed")
        self.move((f"wallet:{who}:GHS", -amount), ("loss:GHS", amount))
        self.reversed.add(adjustment)

    def _hold(self, name: str) -> Hold:
        if name not in self.holds:
            raise Refused("not_found")
        return self.holds[name]
