"""Whether what happened is what the model expects: of one client, or of two in one of their serial orders."""

from collections import Counter
from copy import deepcopy

import httpx

from domains.payments.queries.invariants import contradictions
from tests.payments.auditor.balances import CURRENCIES, PEOPLE
from tests.payments.auditor.clock import DAY, HOUR
from tests.payments.auditor.exchange import RATES
from tests.payments.auditor.gateway import UNDECIDED
from tests.payments.auditor.model import Command, Model
from tests.payments.auditor.system import System

DONE = ("done", "funded")


class Hearing:
    """The real system, and every model that agrees with all that it has done: after a race there may be several."""

    def __init__(self, provider: httpx.Client) -> None:
        self.system, self.models = System(provider), [Model()]
        for number, who in enumerate(PEOPLE):
            self.step(("deposit", {"order": f"order{number}", "who": who, "amount": 5000, "token": "tok_success"}))
            self.step(("send", {"order": f"order{number}", "fault": ""}))
        for currency, rate in RATES.items():
            self.step(("tell_rate", {"currency": currency, "rate": rate}))

    @property
    def model(self) -> Model:
        return self.models[0]

    def step(self, command: Command) -> None:
        """One client does something: every word and every balance is as expected."""
        self._do(command)
        self._compare(str(command))

    def after_race(self, left: list[tuple[Command, str]], right: list[tuple[Command, str]]) -> None:
        """Two clients were at it at once: there is an order in which they could have taken turns."""
        ends: dict[str, Model] = {}
        for model in self.models:
            _take_turns(model, left, right, ends, set())
        assert ends, f"in no order do {left} and {right} say what they said"
        self.models = list(ends.values())
        self._do(("beat", {}))  # a beat at the same moment may have found less than what was due
        self._compare(f"{left} and {right}, at once")

    def settle_everything(self) -> None:
        """What is on its way is sent, asked about and told of; then nothing is undecided but what never ends."""
        for name, order in list(self.model.orders.items()):
            if order.state == "new":
                self._do(("send", {"order": name, "fault": ""}))
            self._do(("follow", {"order": name}))
            self._do(("tell", {"order": name}))
            if any(thing.disputed for thing in order.things):
                self._do(("tell_dispute", {"deposit": name}))
        for _ in range(3):  # the end of a silence begins the wait for what was earned
            self._do(("wait", {"hours": 15 * DAY // HOUR}))
            self._do(("beat", {}))
        for name, order in list(self.model.orders.items()):
            if order.state == "unknown":
                self._do(("give_up", {"order": name}))
        for who in PEOPLE:
            for currency in CURRENCIES:
                self._do(("collect", {"who": who, "currency": currency}))
        self._compare("everything was settled")
        assert {what for what, _ in self.model.armed} <= {
            "silence",
            "approved_before",
            "ruled_before",
        }  # frozen until a bank says
        undecided = {order.instrument for order in self.model.orders.values() if order.state in UNDECIDED}
        assert undecided <= {"tok_pending_forever"}

    def _do(self, command: Command) -> None:
        heard = self.system.carry_out(command)
        expected = [model.carry_out(command) for model in self.models]
        assert heard in expected, f"{command}: {heard!r}, expected {expected[0]!r}"
        self.models = [model for model, word in zip(self.models, expected, strict=True) if word == heard]

    def _compare(self, after: str) -> None:
        found, clocks = self.system.balances(), self.system.clocks()
        agreeing = [model for model in self.models if model.expected() == found]
        wrong = {
            name: (found.get(name, 0), self.model.expected().get(name, 0))
            for name in found.keys() | self.model.expected().keys()
            if found.get(name, 0) != self.model.expected().get(name, 0)
        }
        assert agreeing, f"after {after}: (found, expected) {wrong}"
        agreeing = [model for model in agreeing if Counter(what for what, _ in model.armed) == clocks]
        assert agreeing, f"after {after}: clocks run {clocks}, expected {self.model.armed}"
        assert contradictions() == [], after
        self.models = agreeing


def _take_turns(
    model: Model,
    left: list[tuple[Command, str]],
    right: list[tuple[Command, str]],
    ends: dict[str, Model],
    seen: set[str],
) -> None:
    """Fill ``ends`` with every model in which some order of turns says what was said."""
    state = f"{len(left)} {len(right)} {vars(model)}"
    if state in seen:
        return
    seen.add(state)
    if not left and not right:
        ends[state] = model
    for mine, others_left, others_right in ((left, left[1:], right), (right, left, right[1:])):
        if mine and mine[0][0][0] == "beat":
            # Each deadline has a turn of its own: any of those that are due has the next, or the beat is over.
            _take_turns(model, others_left, others_right, ends, seen)
            for deadline in model.due():
                after = deepcopy(model)
                after.fire(deadline)
                _take_turns(after, left, right, ends, seen)
        elif mine:
            command, heard = mine[0]
            after = deepcopy(model)
            # While others are at it, which of two reasons is said first is nobody's promise.
            if (after.carry_out(command) in DONE) == (heard in DONE):
                _take_turns(after, others_left, others_right, ends, seen)
