"""What is expected of silence: it pays for work that was handed in, for weeks on Fridays, and never in a dispute."""

from tests.payments.auditor.balances import Refused
from tests.payments.auditor.clock import DAY, HOUR, WEEK
from tests.payments.auditor.protected import PLANS, Escrow, ProtectedFunds


class Reviews(ProtectedFunds):
    def __init__(self) -> None:
        super().__init__()
        self.weeks: dict[int, str] = {}

    def hand_in(self, *, escrow: str, submission: int) -> None:
        funds = self._escrow(escrow)
        if submission <= funds.submission:
            return
        self.check(funds.state == "funded")
        if not (hours := PLANS[funds.plan].review_hours):
            raise Refused("no_review")
        funds.submission = submission
        self.arm("silence", escrow, self.now + hours * HOUR)

    def request_changes(self, *, escrow: str, submission: int) -> None:
        """Also in a dispute: should it be withdrawn, no clock goes on."""
        funds = self._escrow(escrow)
        if submission < funds.submission:
            return
        running = self.disarm("silence", escrow) is not None
        for case in self.disputes.values():
            if (case.escrow, case.state) == (escrow, "frozen") and case.left is not None:
                case.left, running = None, True
        if running:
            funds.submission = submission

    def charge_week(self, *, escrow: str, week: int, hirer: str, worker: str, amount: int) -> None:
        """Weeks are numbered; the clock began with number 0."""
        if (week + 1) * WEEK > self.now:
            raise Refused("week_not_over")
        if week in self.weeks or escrow in self.escrows:
            if self.weeks.get(week) != escrow or self.escrows[escrow].amount != amount:
                raise Refused("week_charged")
            return
        self.protect(escrow, Escrow(hirer, worker, amount, "hourly", submission=1))
        self.weeks[week] = escrow
        friday = 4 * DAY + 24 * HOUR - 1
        while friday < self.now + 2 * DAY:  # there are two days to object
            friday += WEEK
        self.arm("silence", escrow, friday)

    def silence(self, escrow: str) -> None:
        funds = self.escrows[escrow]
        if self.is_frozen(funds):
            self.arm("silence", escrow, self.now + HOUR)
        else:
            self._settle(escrow, to_worker=funds.held)

    def approved_before(self, escrow: str) -> None:
        """It was approved while a bank wanted the money back."""
        funds = self.escrows[escrow]
        if funds.state == "disputed" or (funds.state == "funded" and self.is_frozen(funds)):
            self.arm("approved_before", escrow, self.now + HOUR)
        elif funds.state == "funded":
            self._settle(escrow, to_worker=funds.held)

    def ruled_before(self, dispute: str) -> None:
        case = self.disputes[dispute]
        if case.state == "frozen" and case.award is not None:
            if self.is_frozen(self.escrows[case.escrow]):
                self.arm("ruled_before", dispute, self.now + HOUR)
            else:
                self.decide(dispute=dispute, to_worker=case.award)

    def mature(self, earned: str) -> None:
        worker, net = self.waiting.pop(earned)
        self.move((f"waiting:{worker}:GHS", -net), (f"wallet:{worker}:GHS", net))
