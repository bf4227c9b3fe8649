"""Random commands that have something to do: on what is there, on what is not there yet, and on what is over."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from tests.payments.auditor.balances import PEOPLE
from tests.payments.auditor.desk import BEHIND, STEPS
from tests.payments.auditor.gateway import CHARGES, DONE_BUT_UNHEARD, NEVER_ARRIVED, PAYOUTS, UNDECIDED, Order
from tests.payments.auditor.model import Command, Model

Ways = dict[str, dict[str, Any]]

ESCROWS: Final = [f"escrow{number}" for number in range(4)]
DISPUTES: Final = [f"dispute{number}" for number in range(3)]
HOLDS: Final = [f"hold{number}" for number in range(3)]
FAULTS: Final = ["", "", "", *DONE_BUT_UNHEARD, *NEVER_ARRIVED]
PHASES: Final = {
    "": ["inquiry", "withdrawn"],
    "inquiry": ["withdrawn"],
    "withdrawn": ["reinstated", "lost"],
    "lost": ["reinstated"],
    "reinstated": [],
}
who = st.sampled_from(PEOPLE)


@st.composite
def commands(draw: st.DrawFn, model: Model) -> Command:
    """One for a client who is alone."""
    ways = {**protected(model), **owners(model), **asking(model, f"order{len(model.orders)}"), **gateway(model)}
    return _drawn(draw, ways)


@st.composite
def racing_commands(draw: st.DrawFn, model: Model, client: str) -> list[Command]:
    """Up to four for one of two clients at once. Each moves money at one moment, if at all.

    So nothing that is sent, followed or told is at the same moment on its way, or moves money twice.
    """
    chosen = []
    for number in range(draw(st.integers(1, 4))):
        ways = {**protected(model), **owners(model), **asking(model, f"{client}{len(model.orders)}x{number}")}
        ways |= settling(model)
        if client == "left":  # two who send one order, or take one posting back, at once: the second does nothing yet
            ways |= sending(model)
        else:
            ways.pop("take_back", None)
        ways.pop("deposit")
        ways["fund"]["request"] = st.just(1)  # contracts ask again only once they were refused
        chosen.append(_drawn(draw, ways))
    return chosen


def protected(model: Model) -> Ways:
    escrow, dispute = st.sampled_from(ESCROWS), st.sampled_from(DISPUTES)
    held = _amounts(model, [funds.held for funds in model.escrows.values()], least=0)
    pair = st.permutations(PEOPLE).map(lambda people: people[:2])
    ways: Ways = {
        "fund": {"escrow": escrow, "request": st.integers(1, 2), "amount": _wallets(model), "pair": pair},
        "part": {"escrow": escrow, "number": st.integers(1, 3), "amount": held.filter(bool)},
        "release": {"escrow": escrow},
        "give_back": {"escrow": escrow},
        "split": {"escrow": escrow, "to_worker": held},
        "freeze": {"dispute": dispute, "escrow": escrow},
        "unfreeze": {"dispute": dispute},
        "decide": {"dispute": dispute, "to_worker": held},
    }
    return ways if model.escrows else {"fund": ways["fund"]}


def owners(model: Model) -> Ways:
    hold = st.sampled_from(HOLDS)
    amounts = _amounts(model, [held.amount for held in model.holds.values()])
    ways: Ways = {
        "hold": {"hold": hold, "payer": who, "amount": _wallets(model)},
        "cash_fare": {"driver": who, "commission": st.integers(1, 900)},
        "save_up": {"who": who, "amount": st.integers(-1500, 1500).filter(bool)},
        "collect": {"who": who},
        "forgive": {"who": who},
        "adjust": {"adjustment": st.uuids(version=4).map(str), "who": who, "amount": st.integers(-900, 900)},
    }
    ways["adjust"]["amount"] = ways["adjust"]["amount"].filter(bool)
    if model.holds:
        ways["capture"] = {"hold": hold, "worker": who, "share": amounts, "commission": st.integers(0, 300)}
        ways["let_go"] = {"hold": hold}
        ways["pay_back"] = {"hold": hold, "key": st.sampled_from("ab"), "worker": who, "amount": amounts}
    if model.adjusted:
        ways["take_back"] = {"adjustment": st.sampled_from(sorted(model.adjusted))}
    return ways


def asking(model: Model, fresh: str) -> Ways:
    """Orders, not sent yet; ``fresh`` is the name of the next one."""
    order, deposits = st.just(fresh), _orders(model, lambda order: order.kind == "charge")
    account = st.sampled_from(sorted(PAYOUTS))
    ways: Ways = {
        "deposit": {"order": order, "who": who, "amount": st.integers(1000, 6000), "token": _token()},
        "payout": {"order": order, "who": who, "amount": _wallets(model), "account": account},
    }
    if deposits:
        amount = st.one_of(st.none(), st.integers(1, 4000))
        ways["refund"] = {"order": order, "deposit": st.sampled_from(deposits), "amount": amount}
    if arrived := _orders(model, lambda order: order.kind == "charge" and bool(order.things)):
        of = [(name, which) for name in arrived for which in range(len(model.orders[name].things))]
        ways["send_back"] = {"order": order, "of": st.sampled_from(of)}
    return ways


def gateway(model: Model) -> Ways:
    ways: Ways = {**sending(model)}
    if model.orders:
        ways["follow"] = ways["tell"] = {"order": st.sampled_from(sorted(model.orders))}
    for name, kind in (("accept", "charge"), ("dismiss", "charge"), ("accept_payout", "payout")):
        if found := _orders(model, lambda order, kind=kind: order.kind == kind):
            ways[name] = {"payout" if kind == "payout" else "deposit": st.sampled_from(_reviewed_first(model, found))}
    charges = _orders(model, lambda o: o.kind == "charge" and any(t.status == "succeeded" for t in o.things))
    if steps := [(name, phase) for name in charges for phase in PHASES[model.orders[name].things[0].disputed]]:
        ways["dispute"] = {"step": st.sampled_from(steps)}
    if found := [name for name in charges if model.orders[name].things[0].disputed]:
        ways["tell_dispute"] = {"deposit": st.sampled_from(found)}
    return ways


def sending(model: Model) -> Ways:
    fresh = _orders(model, lambda order: order.state == "new")
    return {"send": {"order": st.sampled_from(fresh), "fault": st.sampled_from(FAULTS)}} if fresh else {}


def settling(model: Model) -> Ways:
    """Of ``gateway`` what moves money once, whoever else does it at the same moment."""
    ways = {name: words for name, words in gateway(model).items() if name in ("accept", "dismiss", "accept_payout")}
    if found := _orders(model, lambda order: order.state in UNDECIDED and bool(order.things)):
        ways["follow"] = {"order": st.sampled_from(found)}
    if found := _orders(model, lambda order: len(order.things) == 1):
        ways["tell"] = {"order": st.sampled_from(found)}
    disputed = _orders(model, lambda order: any(t.disputed and t.booked and _one_step(t) for t in order.things))
    if disputed:
        ways["tell_dispute"] = {"deposit": st.sampled_from(disputed)}
    return ways


# Private functions


def _drawn(draw: st.DrawFn, ways: Ways) -> Command:
    name = draw(st.sampled_from(sorted(ways)))
    words = {word: draw(strategy) for word, strategy in ways[name].items()}
    if "pair" in words:
        words["hirer"], words["worker"] = words.pop("pair")
    if "of" in words:
        words["deposit"], words["which"] = words.pop("of")
    if "step" in words:
        words["deposit"], words["phase"] = words.pop("step")
    return name, words


def _orders(model: Model, wanted: Callable[[Order], bool]) -> list[str]:
    return [name for name, order in model.orders.items() if wanted(order)]


def _reviewed_first(model: Model, names: list[str]) -> list[str]:
    waiting = [name for name in names if model.orders[name].review == "in_review"]
    return [*waiting, *waiting, *names]


def _one_step(thing: Any) -> bool:
    return len([step for step in STEPS[thing.disputed] if step not in BEHIND[thing.chargeback]]) <= 1


def _token() -> st.SearchStrategy[str]:
    return st.one_of(st.just("tok_success"), st.sampled_from(sorted(CHARGES)))


def _wallets(model: Model) -> st.SearchStrategy[int]:
    """Any amount, or just what somebody has, or one unit more."""
    there = [model.has(name) for name in PEOPLE if model.has(name)]
    return _amounts(model, there)


def _amounts(model: Model, there: list[int], least: int = 1) -> st.SearchStrategy[int]:
    edges = [amount for known in there for amount in (known - 1, known, known + 1) if amount >= least]
    return st.one_of(st.integers(least, 2500), st.sampled_from(edges)) if edges else st.integers(least, 2500)
