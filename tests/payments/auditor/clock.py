"""What is expected of time: it moves by hours, and what is due is carried out, each once, whenever somebody looks."""

from typing import Final

from tests.payments.auditor.balances import Balances

HOUR: Final = 60
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

Deadline = tuple[str, str]  # what is to be done, which is a method of the model, and to whom


class Clock(Balances):
    """``now`` in minutes since a Monday's first: half an hour in at the beginning, so that seconds which really pass
    come over no hour."""

    def __init__(self) -> None:
        super().__init__()
        self.now = HOUR // 2
        self.armed: dict[Deadline, int] = {}

    def wait(self, *, hours: int) -> None:
        self.now += hours * HOUR

    def beat(self) -> None:
        while due := self.due():
            self.fire(due[0])

    def due(self) -> list[Deadline]:
        """The oldest first."""
        return sorted((it for it, at in self.armed.items() if at <= self.now), key=lambda it: (self.armed[it], it))

    def fire(self, deadline: Deadline) -> None:
        del self.armed[deadline]
        what, subject = deadline
        getattr(self, what)(subject)

    def arm(self, what: str, subject: str, at: int) -> None:
        self.armed[what, subject] = at

    def disarm(self, what: str, subject: str) -> int | None:
        """What it had left; None when it did not run."""
        at = self.armed.pop((what, subject), None)
        return None if at is None else max(at - self.now, 0)
